#include "serve/coordinators.h"

#include <fmt/format.h>

#include <algorithm>

#include "conduct/chooser.h"
#include "serve/evidence.h"
#include "workflow/step_request.h"

namespace baton::serve {
namespace {

// A run's own reader and chooser; the coordinator is everybody's.
class Served : public workflow::Chooser {
 public:
  Served(std::shared_ptr<const conduct::Coordinator> coordinator,
         std::unique_ptr<conduct::StateReader> reader, conduct::CoordinatorChooser::Options options)
      : coordinator_(std::move(coordinator)), reader_(std::move(reader)), chooser_(std::move(options)) {}
  Task<workflow::NextSteps> Next(const workflow::Progress& progress) override {
    return chooser_.Next(progress);
  }

 private:
  const std::shared_ptr<const conduct::Coordinator> coordinator_;
  const std::unique_ptr<conduct::StateReader> reader_;
  conduct::CoordinatorChooser chooser_;
};

Error Named(Error e, const std::string& workflow) {
  e.message = fmt::format("workflow '{}': {}", workflow, e.message);
  return e;
}

workflow::ChooserMaker MakerOf(std::shared_ptr<const conduct::Coordinator> c,
                               std::shared_ptr<lm::Engine> engine) {
  return [c, engine](const workflow::ChooserRequest& request) -> std::unique_ptr<workflow::Chooser> {
    auto reader = conduct::NewEngineReader(request.pool.loop(), engine, "", nullptr);
    conduct::CoordinatorChooser::Options o;
    o.coordinator = c.get();
    o.reader = reader.get();
    o.question = workflow::QuestionOf(request.request);
    // Whom the permit allows, not whom the route lists: exact workers stand in no list that did not name
    // them.
    const auto& allowed = request.permit.workers();
    for (const auto& name : c->workers) {
      const auto at = std::find_if(allowed.begin(), allowed.end(),
                                   [&](const pool::Worker* w) { return w->name == name; });
      o.workers.push_back(at == allowed.end() ? nullptr : *at);
    }
    return std::make_unique<Served>(c, std::move(reader), std::move(o));
  };
}

}  // namespace

Result<Choosers> MakeCoordinators(const config::Config& config, const Engines& engines) {
  Choosers out;
  std::vector<std::string> pool;
  for (const auto& w : config.workers) pool.push_back(w->name);
  for (const auto& flow : config.workflows) {
    if (flow.kind != "coordinator" && !(flow.kind.empty() && flow.name == "coordinator")) continue;
    const auto reader = std::find_if(config.workers.begin(), config.workers.end(),
                                     [&](const auto& w) { return w->name == flow.reader; });
    auto engine = reader == config.workers.end() ? nullptr : engines.Find(**reader);
    if (!engine)
      return Fail(Code::kInvalidRequest,
                  fmt::format("workflow '{}': its reader '{}' is no local worker", flow.name, flow.reader),
                  "coordinator_reader");
    auto loaded = conduct::Load(flow.file);
    if (!loaded) return Named(std::move(loaded).error(), flow.name);
    if (Status fits = conduct::Fits(*loaded, pool, conduct::BaseOf(*engine, (*reader)->sha256)); !fits)
      return Named(std::move(fits).error(), flow.name);
    out.makers[flow.name] =
        MakerOf(std::make_shared<const conduct::Coordinator>(std::move(*loaded)), std::move(engine));
  }
  TRY_VOID(AddEvidence(config, &out));
  return out;
}

}  // namespace baton::serve
