// `baton train coordinator`: builds the environment, runs one study, writes the coordinator, the result file and the
// page. Everything that decides lives in conduct/ and arena/; here are files, words and the clock.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "arena/builtin.h"
#include "arena/questions.h"
#include "cli/commands.h"
#include "conduct/file.h"
#include "conduct/report.h"
#include "lm/models.h"
#include "net/loop.h"
#include "serve/app.h"

namespace baton::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

// What a study stands on; made in this order, destroyed in the other.
struct Ground {
  std::unique_ptr<arena::Memo> memo;
  arena::BuiltinPool pool;
  std::unique_ptr<arena::Environment> environment;
  std::unique_ptr<conduct::StateReader> reader;
  std::unique_ptr<conduct::Rollouts> rollouts;
  std::vector<arena::Problem> train, test;
};

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

// Files of real questions in a folder, half of the sample to train on and half to test; ids decide, so that no
// question is on both sides.
Status AddQuestions(const TrainCoordinatorOptions& o, Ground* g) {
  if (o.questions.empty()) return {};
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& e : std::filesystem::directory_iterator(o.questions, error)) {
    if (e.path().extension() == ".jsonl") files.push_back(e.path());
  }
  if (error || files.empty())
    return Fail(Code::kNotFound, fmt::format("{}: no *.jsonl files of questions there", o.questions), "no_questions");
  std::sort(files.begin(), files.end());
  for (const auto& path : files) {
    std::vector<arena::Problem> all;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
      if (auto p = arena::QuestionOf(line, "question")) all.push_back(std::move(*p));
    }
    auto some = arena::Sample(std::move(all), 2 * o.questions_each, o.seed);
    for (std::size_t i = 0; i < some.size(); ++i) {
      auto& to = i < some.size() / 2 ? g->train : g->test;
      some[i].split = i < some.size() / 2 ? "train" : "test";
      to.push_back(std::move(some[i]));
    }
  }
  return {};
}

Status Build(const TrainCoordinatorOptions& o, Loop& loop, Ground* g) {
  const auto train_world = arena::MakeWorld("train", o.seed), test_world = arena::MakeWorld("test", o.seed);
  TRY(g->memo, arena::Memo::Open({.path = o.memo}));
  arena::BuiltinOptions pool;
  pool.models = o.models;
  pool.world = arena::Merge(train_world, test_world);
  pool.parallel = o.parallel;
  pool.threads = o.threads;
  if (!o.workers.empty()) pool.names = o.workers;
  std::string left_out;
  TRY(g->pool, arena::MakeBuiltinPool(pool, &left_out));
  if (!left_out.empty()) fmt::print(stderr, "{}\n", left_out);
  if (g->pool.engines.empty())
    return Fail(Code::kInvalidRequest, "the pool needs a language model to read transcripts with", "no_base_model");

  arena::GenerateOptions make;
  make.seed = o.seed;
  make.count = o.train_problems;
  make.families = o.families;
  TRY(g->train, arena::Generate(make, train_world));
  make.split = "test";
  make.count = o.test_problems;
  TRY(g->test, arena::Generate(make, test_world));
  TRY_VOID(AddQuestions(o, g));

  const std::string planner = g->pool.engines.back().first;
  arena::Environment::Options options;
  options.workers = g->pool.workers;
  options.backend = g->pool.Factory(loop);
  options.memo = g->memo.get();
  options.flows = conduct::StudyFlows(planner);
  options.max_answer = o.max_answer;
  TRY(g->environment, arena::Environment::Create(loop, std::move(options)));

  const auto& [name, engine] = g->pool.engines.front();
  const auto* base = g->environment->Find(name);
  TRY(std::string hash, lm::FileSha256(base->path));
  g->reader = conduct::NewEngineReader(loop, engine, std::move(hash), g->memo.get());
  conduct::RolloutOptions rollouts;
  rollouts.usd_per_right = o.usd_per_right;
  rollouts.max_answer = o.max_answer;
  rollouts.parallel = static_cast<std::size_t>(o.episodes);
  rollouts.read_price = base->prices.At(0)->input;
  std::vector<std::string> names;
  for (const auto& w : g->pool.workers) names.push_back(w->name);
  g->rollouts = std::make_unique<conduct::Rollouts>(*g->environment, *g->reader, std::move(names), rollouts);
  return {};
}

double Seconds(TimePoint since) { return std::chrono::duration<double>(SystemClock().Now() - since).count(); }

conduct::StudyOptions StudyOf(const TrainCoordinatorOptions& o, const Ground& g, TimePoint began) {
  conduct::StudyOptions s;
  s.optimise.seed = o.seed;
  s.optimise.generations = o.generations;
  s.optimise.replications = o.replications;
  s.optimise.population = o.population;
  s.optimise.sigma = o.sigma;
  s.optimise.checkpoint = o.checkpoint;
  s.optimise.resume = o.resume;
  s.optimise.stop = [&o, began] { return interrupted != 0 || (o.minutes > 0 && Seconds(began) > o.minutes * 60); };
  s.controls = o.controls;
  s.baselines = o.baselines;
  s.planner = g.pool.engines.back().first;
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
  f.revision = std::string(serve::Version());
  f.machine = Machine();
  f.seeds = {o.seed};
  f.usd_per_right = o.usd_per_right;
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
  study.coordinator.origin = fmt::format("{} ({} rollouts, seed {})", o.command, study.rollouts["coordinator"], o.seed);
  TRY_VOID(conduct::Save(study.coordinator, o.out));
  const auto facts = FactsOf(o, g);
  if (!o.results.empty()) TRY_VOID(conduct::WriteWhole(o.results, conduct::ReportJson(study, g.test, facts)));
  if (!o.page.empty()) TRY_VOID(conduct::WriteWhole(o.page, conduct::CurvePage(study, facts)));
  if (o.json) fmt::print("{}", conduct::ReportJson(study, g.test, facts));
  else fmt::print("{}", conduct::ReportText(study));
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
  if (Status built = Build(o, *loop, &ground); !built) return Complain(built.error());
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
