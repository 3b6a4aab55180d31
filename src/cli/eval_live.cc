// `baton eval live`: one table of everything that could answer, over a live pool. Everything that decides
// lives in conduct/ and arena/; the two policies of recorded turns come from evaluate/ (live_policies.h).
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "cli/live_policies.h"
#include "cli/train_ground.h"
#include "conduct/file.h"
#include "conduct/gate_file.h"
#include "conduct/table.h"
#include "lm/distil.h"

namespace baton::cli {
namespace {

double Since(TimePoint then) {
  return std::chrono::duration<double>(SystemClock().Now() - then).count();
}

conduct::TableOptions TableOf(const EvalLiveOptions& o, const Ground& g,
                              const conduct::Coordinator* coordinator, TimePoint began) {
  conduct::TableOptions t;
  t.optimise.seed = o.seed;
  t.optimise.generations = o.generations;
  t.optimise.replications = o.replications;
  t.optimise.population = o.population;
  t.baselines = o.baselines;
  t.languages = g.languages;
  t.conductor = g.conductor;
  t.coordinator = coordinator;
  t.gate = g.gate;
  t.timed = o.timed;
  t.fresh = g.fresh_rollouts.get();
  t.say = [began](const std::string& line) { fmt::print(stderr, "[{:6.0f} s] {}\n", Since(began), line); };
  t.more = [&o, &g](const conduct::SingleTurns& train, const conduct::SingleTurns& test) {
    const auto table = std::filesystem::path(o.models) / lm::kTableFile;
    std::string why;
    auto rows = MeasureOwnPolicies({g.train, g.test, train, test, g.rollouts->workers()},
                                   std::filesystem::exists(table) ? table.string() : "", o.usd_per_right,
                                   o.seed, &why);
    if (!why.empty()) fmt::print(stderr, "{}", why);
    return rows;
  };
  return t;
}

Task<void> Table(Ground* g, conduct::TableOptions options, conduct::Study* out, net::IoLoop* loop) {
  *out = co_await conduct::RunTable(*g->rollouts, g->train, g->test, std::move(options));
  loop->Stop();
}

Status Write(const EvalLiveOptions& o, const Ground& g, const conduct::Study& study) {
  auto facts = FactsOf(o, g);
  const std::string json = conduct::ReportJson(study, g.test, facts);
  if (!o.results.empty()) TRY_VOID(conduct::WriteWhole(o.results, json));
  if (!o.page.empty()) TRY_VOID(conduct::WriteWhole(o.page, conduct::TablePage(study, g.test, facts)));
  fmt::print("{}", o.json ? json : conduct::ReportText(study));
  return {};
}

}  // namespace

int EvalLive(const EvalLiveOptions& given) {
  EvalLiveOptions o = given;
  if (o.quick) Shrink(&o);
  if (o.write_gate.empty()) o.gate_each = 0;
  if (!o.conductor.empty() && o.config.empty())
    return Complain(
        Fail(Code::kInvalidRequest,
             "--conductor names a worker of --config, which is not given; for the built-in pool say "
             "--adapter FILE",
             "no_config"));
  if (!o.adapter.empty() && !o.config.empty())
    return Complain(Fail(Code::kInvalidRequest,
                         "--adapter is for the built-in pool; with --config say --conductor WORKER",
                         "adapter_and_config"));
  const TimePoint began = SystemClock().Now();
  const auto loop = net::IoLoop::Create();
  Ground ground;
  ground.conductor = o.conductor;
  ground.adapter = o.adapter;
  if (Status built = BuildGround(o, *loop, &ground); !built) return Complain(built.error());
  std::optional<conduct::Coordinator> coordinator;
  if (!o.coordinator.empty()) {
    auto loaded = conduct::Load(o.coordinator);
    if (!loaded) return Complain(loaded.error());
    if (Status fits = conduct::Fits(*loaded, ground.rollouts->workers(), ground.reader->base()); !fits)
      return Complain(fits.error());
    if (loaded->workers != ground.rollouts->workers())
      return Complain(Fail(Code::kInvalidRequest,
                           "the coordinator was trained for another pool, or another order",
                           "coordinator_pool"));
    coordinator = std::move(*loaded);
  }
  if (!o.write_gate.empty() && ground.conductor.empty())
    return Complain(Fail(Code::kInvalidRequest,
                         "--write-gate judges a conductor: say --adapter or --conductor, too",
                         "no_conductor"));
  if (!o.write_gate.empty() && ground.gate.empty())
    return Complain(Fail(Code::kInvalidRequest, "--write-gate needs problems to judge by: say --gate N",
                         "no_gate_problems"));
  conduct::Study study;
  loop->Post([&] {
    Spawn(
        Table(&ground, TableOf(o, ground, coordinator ? &*coordinator : nullptr, began), &study, loop.get()));
  });
  loop->Run();
  if (!o.write_gate.empty()) {
    if (Status written =
            conduct::SaveGate({ground.reader->base(), o.command, *study.conductor_gate}, o.write_gate);
        !written)
      return Complain(written.error());
  }
  if (Status written = Write(o, ground, study); !written) return Complain(written.error());
  return 0;
}

}  // namespace baton::cli
