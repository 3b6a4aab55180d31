#include "cli/train_ground.h"

#include <fmt/format.h>

#include <algorithm>

#include "arena/questions.h"
#include "conduct/study.h"
#include "evaluate/data_file.h"
#include "lm/models.h"

namespace baton::cli {
namespace {

// Real questions: of each file a sample, half of it to train on and half to test.
Status AddQuestions(const TrainCoordinatorOptions& o, Ground* g) {
  for (const auto& path : o.questions) {
    std::vector<arena::Problem> all;
    std::size_t left_out = 0;
    const auto add = [&](std::uint64_t, std::string_view line) -> Status {
      auto p = arena::QuestionOf(line, "question");
      if (p)
        all.push_back(std::move(*p));
      else
        ++left_out;
      return {};
    };
    TRY([[maybe_unused]] std::string hash, evaluate::ReadLines(path, {}, add));
    if (all.empty())
      return Fail(Code::kInvalidRequest, fmt::format("{} holds no question of a form that is known", path),
                  "no_questions");
    fmt::print(stderr, "{}: {} questions, {} left out (too long, or of another form)\n", path, all.size(),
               left_out);
    auto some = arena::Sample(std::move(all), 2 * o.questions_each, o.seed);
    for (std::size_t i = 0; i < some.size(); ++i) {
      const bool train = i < some.size() / 2;
      some[i].split = train ? "train" : "test";
      (train ? g->train : g->test).push_back(std::move(some[i]));
    }
  }
  return {};
}

Status AddProblems(const TrainCoordinatorOptions& o, const arena::World& train_world,
                   const arena::World& test_world, Ground* g) {
  arena::GenerateOptions make;
  make.seed = o.seed;
  make.count = o.train_problems;
  make.families = o.families;
  TRY(g->train, arena::Generate(make, train_world));
  make.split = "test";
  make.count = o.test_problems;
  TRY(g->test, arena::Generate(make, test_world));
  return AddQuestions(o, g);
}

// What the two kinds of pool have in common.
struct Parts {
  std::vector<std::shared_ptr<const pool::Worker>> workers;
  pool::BackendFactory backend;
  std::shared_ptr<lm::Engine> engine;
  const pool::Worker* base = nullptr;
};

Result<Parts> Builtin(const TrainCoordinatorOptions& o, arena::World world, Loop& loop, Ground* g) {
  arena::BuiltinOptions pool;
  pool.models = o.models;
  pool.world = std::move(world);
  pool.parallel = o.parallel;
  pool.threads = o.threads;
  if (!o.workers.empty()) pool.names = o.workers;
  std::string left_out;
  TRY(g->pool, arena::MakeBuiltinPool(pool, &left_out));
  if (!left_out.empty()) fmt::print(stderr, "{}\n", left_out);
  if (g->pool.engines.empty())
    return Fail(Code::kInvalidRequest, "the pool needs a language model to read transcripts with",
                "no_base_model");
  g->planner = g->pool.engines.back().first;
  Parts parts{g->pool.workers, g->pool.Factory(loop), g->pool.engines.front().second, nullptr};
  for (const auto& w : parts.workers) {
    if (w->name == g->pool.engines.front().first) parts.base = w.get();
  }
  return parts;
}

// Every worker of the configuration that answers; tables and documents of its exact workers are its own
// (`baton env --write-world` writes those that the problems speak of).
Result<Parts> Configured(const TrainCoordinatorOptions& o, net::IoLoop& loop, Ground* g) {
  TRY(g->config, config::Load(o.config, config::ProcessEnv()));
  TRY_VOID(g->engines.Load(g->config, Log::Null()));
  g->client = net::Client::Create(loop, {});
  Parts parts;
  parts.backend = serve::BackendsOf(loop, *g->client, g->engines, Log::Null());
  std::int64_t dearest = -1;
  for (const auto& w : g->config.workers) {
    const bool wanted =
        o.workers.empty() || std::find(o.workers.begin(), o.workers.end(), w->name) != o.workers.end();
    if (!w->target.can.chat || w->dialect == "tool" || !wanted) continue;
    parts.workers.push_back(w);
    if (w->simulated) g->simulated += (g->simulated.empty() ? "" : ", ") + w->name;
    const budget::PriceRow* row = w->prices.At(0);
    if (w->dialect != "exact" && (row ? row->output.v : 0) > dearest) {
      dearest = row ? row->output.v : 0;
      g->planner = w->name;
    }
    const bool reads = w->dialect == "local" && (o.reader.empty() ? !parts.base : o.reader == w->name);
    if (reads) parts.base = w.get();
  }
  if (parts.base) parts.engine = g->engines.Find(*parts.base);
  if (!parts.engine)
    return Fail(Code::kInvalidRequest, "the configuration has no local worker that could read transcripts",
                "no_base_model");
  return parts;
}

}  // namespace

Status BuildGround(const TrainCoordinatorOptions& o, net::IoLoop& loop, Ground* g) {
  const auto train_world = arena::MakeWorld("train", o.seed), test_world = arena::MakeWorld("test", o.seed);
  TRY(g->memo, arena::Memo::Open({.path = o.memo}));
  TRY_VOID(AddProblems(o, train_world, test_world, g));
  Result<Parts> parts =
      o.config.empty() ? Builtin(o, arena::Merge(train_world, test_world), loop, g) : Configured(o, loop, g);
  if (!parts) return std::move(parts).error();

  arena::Environment::Options options;
  options.workers = parts->workers;
  options.backend = parts->backend;
  options.memo = g->memo.get();
  options.flows = conduct::StudyFlows(g->planner);
  options.max_answer = o.max_answer;
  TRY(g->environment, arena::Environment::Create(loop, std::move(options)));

  TRY(std::string hash, lm::FileSha256(parts->base->path));
  g->reader = conduct::NewEngineReader(loop, parts->engine, std::move(hash), g->memo.get());
  conduct::RolloutOptions rollouts;
  rollouts.usd_per_right = o.usd_per_right;
  rollouts.max_answer = o.max_answer;
  rollouts.parallel = static_cast<std::size_t>(o.episodes);
  if (const budget::PriceRow* row = parts->base->prices.At(0)) rollouts.read_price = row->input;
  std::vector<std::string> names;
  for (const auto& w : parts->workers) names.push_back(w->name);
  g->rollouts = std::make_unique<conduct::Rollouts>(*g->environment, *g->reader, std::move(names), rollouts);
  return {};
}

}  // namespace baton::cli
