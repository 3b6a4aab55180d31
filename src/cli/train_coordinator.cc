// `baton train coordinator`: builds the environment, runs one study, writes the coordinator, the result file
// and the page. Everything that decides lives in conduct/ and arena/; here are files, words and the clock.
#include <fmt/format.h>

#include <csignal>
#include <fstream>

#include "cli/revision.h"
#include "cli/train_ground.h"
#include "conduct/file.h"
#include "conduct/report.h"

namespace baton::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

std::string Machine() {
  std::ifstream in("/proc/cpuinfo");
  std::string line, model = "unknown processor";
  int cores = 0;
  while (std::getline(in, line)) {
    if (line.starts_with("processor")) ++cores;
    if (line.starts_with("model name")) model = line.substr(std::min(line.size(), line.find(':') + 2));
  }
  return fmt::format("{} x {}", cores, model);
}

double Seconds(TimePoint since) {
  return std::chrono::duration<double>(SystemClock().Now() - since).count();
}

conduct::StudyOptions StudyOf(const TrainCoordinatorOptions& o, const Ground& g, TimePoint began) {
  conduct::StudyOptions s;
  s.optimise.seed = o.seed;
  s.optimise.generations = o.generations;
  s.optimise.replications = o.replications;
  s.optimise.population = o.population;
  s.optimise.sigma = o.sigma;
  s.optimise.checkpoint = o.checkpoint;
  s.optimise.resume = o.resume;
  s.optimise.stop = [&o, began] {
    return interrupted != 0 || (o.minutes > 0 && Seconds(began) > o.minutes * 60);
  };
  s.give_up = [] { return interrupted != 0; };
  s.controls = o.controls;
  s.baselines = o.baselines;
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

conduct::ReportFacts FactsOf(const TrainCoordinatorOptions& o, const Ground& g) {
  conduct::ReportFacts f;
  f.command = o.command;
  f.revision = std::string(Revision());
  f.machine = Machine();
  f.seeds = {o.seed};
  f.usd_per_right = o.usd_per_right;
  f.simulated = g.simulated;
  const auto counts = g.memo->counts();
  f.settings = {{"train_problems", std::to_string(g.train.size())},
                {"generations", std::to_string(o.generations)},
                {"replications", std::to_string(o.replications)},
                {"sigma0", fmt::format("{}", o.sigma)},
                {"max_answer_tokens", std::to_string(o.max_answer)},
                {"base_model", g.reader->base().name},
                {"memo_hits", std::to_string(counts.hits)},
                {"memo_misses", std::to_string(counts.misses)},
                {"prices", "the built-in pool's own (docs/coordinator.md), no provider's"}};
  return f;
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
    o.generations = std::min(o.generations, 2);
    o.population = o.population > 0 ? o.population : 4;
    o.replications = std::min(o.replications, 4);
    o.train_problems = std::min(o.train_problems, 14);
    o.test_problems = std::min(o.test_problems, 14);
  }
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
  auto shown = conduct::InspectText(*text, o.policy);
  if (!shown) return Complain(shown.error());
  fmt::print("{}", *shown);
  return 0;
}

}  // namespace baton::cli
