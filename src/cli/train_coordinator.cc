// `baton train coordinator`: builds the environment, runs one study, writes the coordinator, the result file
// and the page. Everything that decides lives in conduct/ and arena/; here are files, words and the clock.
#include <fmt/format.h>

#include <csignal>

#include "cli/train_ground.h"
#include "conduct/file.h"
#include "conduct/report.h"

namespace baton::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

double Seconds(TimePoint since) {
  return std::chrono::duration<double>(SystemClock().Now() - since).count();
}

conduct::StudyOptions StudyOf(const TrainCoordinatorOptions& o, const Ground& g, TimePoint began) {
  conduct::StudyOptions s;
  s.optimise.seed = o.seed;
  s.optimise.generations = o.generations;
  s.optimise.replications = o.replications;
  s.optimise.population = o.population;
  s.optimise.replay_generations = o.replay;
  s.turns = o.turns;
  s.optimise.sigma = o.sigma;
  s.optimise.checkpoint = o.checkpoint;
  s.optimise.resume = o.resume;
  s.optimise.stop = [&o, began] {
    return interrupted != 0 || (o.minutes > 0 && Seconds(began) > o.minutes * 60);
  };
  s.give_up = [] { return interrupted != 0; };
  s.gate = g.gate;
  s.controls = o.controls;
  s.baselines = o.baselines && o.recorded.empty();
  s.planner = g.planner;
  s.say = [began](const std::string& line) { fmt::print(stderr, "[{:6.0f} s] {}\n", Seconds(began), line); };
  s.seconds = [began] { return Seconds(began); };
  return s;
}

Task<void> Study(Ground* g, conduct::StudyOptions options, Result<conduct::Study>* out) {
  *out = co_await conduct::RunStudy(*g->rollouts, g->train, g->test, std::move(options));
}
Task<void> ThenStop(Task<void> task, net::IoLoop* loop) {
  co_await std::move(task);
  loop->Stop();
}

Status WriteAll(const TrainCoordinatorOptions& o, const Ground& g, conduct::Study& study) {
  study.coordinator.origin =
      fmt::format("{} ({} rollouts, seed {})", o.command, study.rollouts["coordinator"], o.seed);
  TRY_VOID(conduct::Save(study.coordinator, o.out));
  const auto facts = FactsOf(o, g);
  if (!o.results.empty()) TRY_VOID(conduct::WriteWhole(o.results, conduct::ReportJson(study, g.test, facts)));
  if (!o.page.empty()) TRY_VOID(conduct::WriteWhole(o.page, conduct::CurvePage(study, facts)));
  if (o.json)
    fmt::print("{}", conduct::ReportJson(study, g.test, facts));
  else
    fmt::print("{}", conduct::ReportText(study));
  fmt::print(stderr, "{} parameters, written to {}\n", study.coordinator.parameters(), o.out);
  return {};
}

}  // namespace

int TrainCoordinator(const TrainCoordinatorOptions& given) {
  TrainCoordinatorOptions o = given;
  if (o.quick) {
    Shrink(&o);
    o.gate_each = std::min(o.gate_each, 2);
    o.replay = std::min(o.replay, 100);
  }
  if (!o.recorded.empty()) o.turns = 1;  // nobody recorded what came next
  const TimePoint began = SystemClock().Now();
  const auto loop = net::IoLoop::Create();
  Ground ground;
  if (Status built = BuildGround(o, *loop, &ground); !built) return Complain(built.error());
  // Ctrl-C ends after the generation that runs: what has been learned is written.
  loop->OnSignal({SIGINT, SIGTERM}, [](int) { interrupted = 1; });
  Result<conduct::Study> study = Error{};
  loop->Post([&] { Spawn(ThenStop(Study(&ground, StudyOf(o, ground, began), &study), loop.get())); });
  loop->Run();
  if (!study) return Complain(study.error());
  if (Status written = WriteAll(o, ground, *study); !written) return Complain(written.error());
  return 0;
}

int TrainInspect(const TrainInspectOptions& o) {
  auto text = conduct::ReadWhole(o.results);
  if (!text) return Complain(text.error());
  std::string before;
  if (!o.before.empty()) {
    auto earlier = conduct::ReadWhole(o.before);
    if (!earlier) return Complain(earlier.error());
    before = std::move(*earlier);
  }
  auto shown = conduct::InspectText(*text, o.policy, before);
  if (!shown) return Complain(shown.error());
  fmt::print("{}", *shown);
  return 0;
}

}  // namespace baton::cli
