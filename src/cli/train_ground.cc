#include "cli/train_ground.h"

#include <fmt/format.h>

#include <algorithm>

#include "arena/questions.h"
#include "base/machine.h"
#include "cli/revision.h"
#include "conduct/table.h"
#include "evaluate/data_file.h"
#include "evaluate/read_matrix.h"
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
    const auto each = static_cast<std::size_t>(o.questions_each);
    auto some = arena::Sample(std::move(all), 2 * o.questions_each + o.gate_each, o.seed);
    const std::size_t train = std::min(each, some.size() / 2), test = std::min(2 * each, some.size());
    for (std::size_t i = 0; i < some.size(); ++i) {
      some[i].split = i >= train && i < test ? "test" : "train";
      (i < train ? g->train : i < test ? g->test : g->gate).push_back(std::move(some[i]));
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
  // The gate's problems come from the training templates with another seed: nothing of the test split decides
  // what is measured on it.
  make.split = "train";
  make.seed = o.seed + 1'000'003;
  make.count =
      o.gate_each * static_cast<int>(o.families.empty() ? arena::Families().size() : o.families.size());
  TRY(g->gate, arena::Generate(make, train_world));
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
  pool.reader = true;
  pool.adapter = g->adapter;
  if (!g->adapter.empty()) g->conductor = arena::kConductor;
  if (!o.workers.empty()) pool.names = o.workers;
  std::string left_out;
  TRY(g->pool, arena::MakeBuiltinPool(pool, &left_out));
  if (!left_out.empty()) fmt::print(stderr, "{}\n", left_out);
  if (g->pool.engines.empty())
    return Fail(Code::kInvalidRequest, "the pool needs a language model to read transcripts with",
                "no_base_model");
  g->planner = g->pool.engines.back().first;
  for (const auto& [name, _] : g->pool.engines) g->languages.push_back(name);
  Parts parts{g->pool.workers, g->pool.Factory(loop), g->pool.reader, nullptr};
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
  bool found = g->conductor.empty();
  for (const auto& w : g->config.workers) {
    const bool conducts = w->name == g->conductor;
    const bool wanted =
        o.workers.empty() || std::find(o.workers.begin(), o.workers.end(), w->name) != o.workers.end();
    if (!w->target.can.chat || w->dialect == "tool" || !(wanted || conducts)) continue;
    parts.workers.push_back(w);
    found |= conducts;
    if (conducts) continue;  // it plans; the pool is the others
    if (w->simulated) g->simulated += (g->simulated.empty() ? "" : ", ") + w->name;
    const budget::PriceRow* row = w->prices.At(0);
    if (w->dialect != "exact") g->languages.push_back(w->name);
    if (w->dialect != "exact" && (row ? row->output.v : 0) > dearest) {
      dearest = row ? row->output.v : 0;
      g->planner = w->name;
    }
    const bool reads = w->dialect == "local" && (o.reader.empty() ? !parts.base : o.reader == w->name);
    if (reads) parts.base = w.get();
  }
  if (!found)
    return Fail(Code::kInvalidRequest,
                fmt::format("the configuration has no worker '{}' that could conduct", g->conductor),
                "unknown_worker");
  // The planner last: it also aggregates.
  std::stable_partition(g->languages.begin(), g->languages.end(),
                        [&](const std::string& name) { return name != g->planner; });
  if (parts.base) parts.engine = g->engines.Find(*parts.base);
  if (!parts.engine)
    return Fail(Code::kInvalidRequest, "the configuration has no local worker that could read transcripts",
                "no_base_model");
  return parts;
}

// Rows of a matrix as problems: by a draw of the seed, one half to train on, the other to test.
Status AddRecorded(const TrainCoordinatorOptions& o, Ground* g) {
  evaluate::OutcomeMatrix matrix;
  evaluate::ReadReport report;
  TRY_VOID(evaluate::ReadMatrix(o.recorded, {}, matrix, report));
  g->recorded.workers = matrix.workers;
  for (auto& row : matrix.rows) {
    arena::RecordedRow out{
        row.id, row.slice.empty() ? row.benchmark : row.slice, row.prompt, row.reference, {}};
    for (auto& cell : row.cells)
      out.cells.push_back({cell.recorded, static_cast<double>(cell.score), cell.response,
                           std::max<std::int64_t>(0, cell.prompt_tokens),
                           std::max<std::int64_t>(0, cell.completion_tokens), cell.cost_usd});
    g->recorded.rows.push_back(std::move(out));
  }
  const int wanted = o.train_problems + o.test_problems;
  auto some = arena::Sample(arena::ProblemsOf(g->recorded), wanted, o.seed);
  const auto train =
      some.size() * static_cast<std::size_t>(o.train_problems) / static_cast<std::size_t>(wanted);
  for (std::size_t i = 0; i < some.size(); ++i) {
    some[i].split = i < train ? "train" : "test";
    (i < train ? g->train : g->test).push_back(std::move(some[i]));
  }
  return {};
}

// What reads the transcripts of recorded outcomes: the built-in pool's first model, which answers nothing
// there.
Result<Parts> RecordedParts(const TrainCoordinatorOptions& o, Loop& loop, Ground* g) {
  arena::BuiltinOptions pool;
  pool.models = o.models;
  pool.threads = o.threads;
  pool.names = {"smol"};
  pool.reader = true;
  TRY(g->pool, arena::MakeBuiltinPool(pool, nullptr));
  TRY(g->environment, arena::CreateRecorded(loop, g->recorded));
  return Parts{g->environment->workers(), nullptr, g->pool.reader, g->pool.workers.front().get()};
}

// The rollouts over one environment and reader; their pool is every worker but the conductor.
std::unique_ptr<conduct::Rollouts> RolloutsOf(const TrainCoordinatorOptions& o, const Parts& parts,
                                              const std::string& conductor, arena::Environment& environment,
                                              conduct::StateReader& reader, int at_once) {
  conduct::RolloutOptions rollouts;
  rollouts.usd_per_right = o.usd_per_right;
  rollouts.max_answer = o.max_answer;
  rollouts.parallel = static_cast<std::size_t>(at_once);
  if (const budget::PriceRow* row = parts.base->prices.At(0)) rollouts.read_price = row->input;
  std::vector<std::string> names;
  for (const auto& w : parts.workers) {
    if (w->name != conductor) names.push_back(w->name);
  }
  return std::make_unique<conduct::Rollouts>(environment, reader, std::move(names), rollouts);
}

}  // namespace

Status BuildGround(const TrainCoordinatorOptions& o, net::IoLoop& loop, Ground* g) {
  const auto train_world = arena::MakeWorld("train", o.seed), test_world = arena::MakeWorld("test", o.seed);
  TRY(g->memo, arena::Memo::Open({.path = o.memo}));
  Result<Parts> parts = Error{};
  if (!o.recorded.empty()) {
    TRY_VOID(AddRecorded(o, g));
    parts = RecordedParts(o, loop, g);
  } else {
    TRY_VOID(AddProblems(o, train_world, test_world, g));
    parts = o.config.empty() ? Builtin(o, arena::Merge(train_world, test_world), loop, g)
                             : Configured(o, loop, g);
  }
  if (!parts) return std::move(parts).error();

  TRY(std::string hash, lm::FileSha256(parts->base->path));
  g->reader = conduct::NewEngineReader(loop, parts->engine, hash, g->memo.get());
  if (o.recorded.empty()) {
    arena::Environment::Options options;
    options.workers = parts->workers;
    options.backend = parts->backend;
    options.flows = conduct::TableFlows(g->languages, g->conductor);
    options.max_answer = o.max_answer;
    TRY(g->fresh, arena::Environment::Create(loop, options));
    options.memo = g->memo.get();
    TRY(g->environment, arena::Environment::Create(loop, std::move(options)));
    g->fresh_reader = conduct::NewEngineReader(loop, parts->engine, hash, nullptr);
    g->fresh_rollouts = RolloutsOf(o, *parts, g->conductor, *g->fresh, *g->fresh_reader, 1);
  }
  g->rollouts = RolloutsOf(o, *parts, g->conductor, *g->environment, *g->reader, o.episodes);
  return {};
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

void Shrink(TrainCoordinatorOptions* options) {
  auto& o = *options;
  o.generations = std::min(o.generations, 2);
  o.population = o.population > 0 ? o.population : 4;
  o.replications = std::min(o.replications, 4);
  o.train_problems = std::min(o.train_problems, 14);
  o.test_problems = std::min(o.test_problems, 14);
}

}  // namespace baton::cli
