#include "serve/gates.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "conduct/chooser.h"
#include "conduct/gate_file.h"
#include "workflow/step_request.h"

namespace baton::serve {
namespace {

using workflow::LeftTo;

struct Judged {
  conduct::GateFile file;
  std::shared_ptr<lm::Engine> engine;
};

LeftTo LeftBecause(const std::string& worker, std::string_view why) {
  return {worker, fmt::format("left to {}: {}", worker, why)};
}

Task<LeftTo> Ask(std::shared_ptr<const Judged> judged, const chat::Request* request, pool::Pool* pool) {
  const auto reader = conduct::NewEngineReader(pool->loop(), judged->engine, "", nullptr);
  const workflow::Plan plan;
  const std::vector<workflow::StepState> states;
  const workflow::Progress nothing{plan, states, {}, Duration::max()};
  std::string transcript = conduct::Transcript(workflow::QuestionOf(*request), nothing);
  auto state = co_await reader->Read(std::move(transcript));
  const conduct::Gate& gate = judged->file.gate;
  if (!state) co_return LeftBecause(gate.fallback, "the question could not be read");
  const auto left = gate.Ask(state->state);
  if (left.worker.empty()) co_return LeftTo{};
  co_return LeftBecause(left.worker, left.reason);
}

// Everybody a gate may leave a request to.
std::vector<std::string> WhoAnswers(const conduct::Gate& gate) {
  std::vector<std::string> out = {gate.fallback};
  for (const auto& s : gate.slices) {
    if (!s.passed) out.push_back(s.worker);
  }
  return out;
}

Error At(const std::string& workflow, const std::string& what, std::string reason) {
  return Fail(Code::kInvalidRequest, fmt::format("workflow '{}': {}", workflow, what), std::move(reason));
}

Result<workflow::FlowGate> GateFor(const workflow::FlowSettings& flow, const config::Config& config,
                                   const Engines& engines) {
  const auto named = [&](const std::string& name) {
    return std::find_if(config.workers.begin(), config.workers.end(),
                        [&](const auto& w) { return w->name == name; });
  };
  auto judged = std::make_shared<Judged>();
  auto loaded = conduct::LoadGate(flow.file);
  if (!loaded) return At(flow.name, loaded.error().message, "bad_gate");
  judged->file = std::move(*loaded);
  const auto reader = named(flow.reader);
  judged->engine = reader == config.workers.end() ? nullptr : engines.Find(**reader);
  if (!judged->engine)
    return At(flow.name, fmt::format("its reader '{}' is no local worker", flow.reader), "gate_reader");
  if (!(conduct::BaseOf(*judged->engine, judged->file.base.sha256) == judged->file.base))
    return At(flow.name,
              fmt::format("its gate was made with {}, which its reader '{}' is not", judged->file.base.name,
                          flow.reader),
              "gate_reader");
  for (const std::string& who : WhoAnswers(judged->file.gate)) {
    if (named(who) == config.workers.end())
      return At(flow.name, fmt::format("its gate leaves requests to '{}', which is no worker here", who),
                "gate_worker");
  }
  std::shared_ptr<const Judged> shared = std::move(judged);
  return workflow::FlowGate(
      [shared](const chat::Request& request, pool::Pool& pool) { return Ask(shared, &request, &pool); });
}

}  // namespace

Result<std::map<std::string, workflow::FlowGate>> MakeGates(const config::Config& config,
                                                            const Engines& engines) {
  std::map<std::string, workflow::FlowGate> out;
  for (const auto& flow : config.workflows) {
    const bool conducted = flow.kind == "conducted" || (flow.kind.empty() && flow.name == "conducted");
    if (!conducted || flow.file.empty()) continue;
    TRY(out[flow.name], GateFor(flow, config, engines));
  }
  return out;
}

}  // namespace baton::serve
