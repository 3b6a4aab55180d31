#include "train/stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "conduct/study.h"
#include "train/maths.h"

namespace baton::train {
namespace {

constexpr std::size_t kHeldBackSize = 3;

budget::Nanos Times(budget::Nanos n, double factor) {
  return {static_cast<std::int64_t>(std::llround(static_cast<double>(n.v) * factor))};
}

// A worker of the built-in pool once more: what makes it, without keys, which it has none of.
std::shared_ptr<const pool::Worker> AtPrice(const pool::Worker& worker, double factor) {
  auto w = std::make_shared<pool::Worker>();
  w->name = worker.name;
  w->dialect = worker.dialect;
  w->path = worker.path;
  w->target = worker.target;
  w->context = worker.context;
  w->data = worker.data;
  w->priced = worker.priced;
  w->max_concurrency = worker.max_concurrency;
  w->max_queue = worker.max_queue;
  budget::PriceRow row = *worker.prices.At(0);
  row.input = Times(row.input, factor);
  row.output = Times(row.output, factor);
  if (row.call) row.call = Times(*row.call, factor);
  w->prices = budget::PriceTable({row});
  return w;
}

void Shuffle(Team* team, Random& random) {
  for (std::size_t i = team->size(); i > 1; --i) std::swap((*team)[i - 1], (*team)[random.Below(i)]);
}

}  // namespace

Stage::Stage(Loop& loop, StageOptions options)
    : loop_(loop),
      options_(std::move(options)),
      train_(arena::MakeWorld("train", options_.seed)),
      test_(arena::MakeWorld("test", options_.seed)) {}

Result<std::unique_ptr<Stage>> Stage::Create(Loop& loop, arena::Memo& memo, const StageOptions& options) {
  std::unique_ptr<Stage> stage(new Stage(loop, options));
  arena::BuiltinOptions pool;
  pool.models = options.models;
  pool.names = options.workers;
  pool.names.insert(pool.names.end(), options.added.begin(), options.added.end());
  pool.world = arena::Merge(stage->train_, stage->test_);
  pool.threads = options.threads;
  pool.parallel = options.parallel;
  std::string left_out;
  TRY(stage->pool_, arena::MakeBuiltinPool(pool, &left_out));
  if (!left_out.empty()) return Fail(Code::kUnavailable, left_out, "worker_left_out");
  Random random(SeedOf(options.seed, "prices", 0));
  for (int list = 0; list < std::max(1, options.price_lists); ++list) {
    arena::Environment::Options o;
    for (const auto& w : stage->pool_.workers)
      o.workers.push_back(list == 0 ? w : AtPrice(*w, std::pow(4, 2 * random.Unit() - 1)));
    o.backend = stage->pool_.Factory(loop);
    o.memo = &memo;
    o.flows = conduct::StudyFlows("smol");  // what conductors are measured against
    o.max_answer = options.max_answer;
    TRY(auto environment, arena::Environment::Create(loop, std::move(o)));
    stage->environments_.push_back(std::move(environment));
  }
  return stage;
}

Team Stage::All(int prices, bool added) const {
  Team out;
  for (const auto& w : environments_[static_cast<std::size_t>(prices)]->workers()) {
    const auto& late = options_.added;
    if (added || std::find(late.begin(), late.end(), w->name) == late.end()) out.push_back(w.get());
  }
  return out;
}

bool Stage::HeldBack(const Team& team) const {
  if (team.size() != kHeldBackSize) return false;
  std::vector<std::string> names;
  for (const auto* w : team) names.push_back(w->name);
  std::sort(names.begin(), names.end());
  return SeedOf(options_.seed, fmt::format("{}", fmt::join(names, "+")), 0) % 4 == 0;
}

Team Stage::DrawTeam(int prices, Random& random) const {
  for (;;) {
    Team team = All(prices, false);
    Shuffle(&team, random);
    const std::size_t most = team.size(), least = std::min<std::size_t>(2, most);
    team.resize(least + random.Below(most - least + 1));
    if (!HeldBack(team)) return team;
  }
}

Team Stage::DrawHeldBack(int prices, Random& random) const {
  Team team = All(prices, false);
  for (int tries = 0; tries < 10'000; ++tries) {
    Team some = team;
    Shuffle(&some, random);
    some.resize(std::min(some.size(), kHeldBackSize));
    if (HeldBack(some)) return some;
  }
  return team;  // the seed holds nothing back
}

Task<std::vector<arena::Rollout>> Stage::Play(std::vector<Item> items, std::vector<arena::Episode> episodes) {
  std::vector<arena::Rollout> out(items.size());
  for (int list = 0; list < price_lists(); ++list) {
    std::vector<arena::Episode> some;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].prices != list) continue;
      some.push_back(std::move(episodes[i]));
      places.push_back(i);
    }
    if (some.empty()) continue;
    auto played = co_await arena::PlayAll(At(list), std::move(some), options_.episodes);
    for (std::size_t i = 0; i < places.size(); ++i) out[places[i]] = std::move(played[i]);
  }
  co_return out;
}

Result<workflow::Plan> PlanOf(const std::vector<workflow::WrittenStep>& written, const Team& team) {
  if (written.empty())
    return Fail(Code::kInvalidRequest, "three empty lists keep an answer, and there is none yet", "no_plan");
  workflow::Plan plan;
  plan.workflow = "planned";
  TRY_VOID(workflow::AppendWritten(written, team, "s", &plan));
  return plan;
}

}  // namespace baton::train
