#include "evaluate/tally.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <numeric>

#include "evaluate/metrics.h"

namespace baton::evaluate {
namespace {

std::vector<std::string> SliceNames(const OutcomeMatrix& matrix) {
  const bool several = std::any_of(matrix.rows.begin(), matrix.rows.end(),
                                   [&](const Row& row) { return row.benchmark != matrix.rows[0].benchmark; });
  std::vector<std::string> names;
  for (const Row& row : matrix.rows) {
    if (several && !row.benchmark.empty())
      names.push_back(row.benchmark);
    else
      names.push_back(row.slice.empty() ? "all" : row.slice);
  }
  return names;
}

// Names by descending number of rows; the small ones give way to "other".
std::vector<std::string> Largest(const std::vector<std::string>& names, std::size_t most) {
  std::map<std::string, std::size_t> count;
  for (const auto& name : names) ++count[name];
  std::vector<std::string> kept;
  for (const auto& [name, n] : count) kept.push_back(name);
  std::stable_sort(kept.begin(), kept.end(),
                   [&](const auto& a, const auto& b) { return count[a] > count[b]; });
  if (kept.size() > most) {
    kept.resize(most - 1);
    kept.emplace_back("other");
  }
  return kept;
}

double Micros(Duration d) {
  return std::chrono::duration<double, std::micro>(d).count();
}

// Adds one answered question to a tally.
void Count(Tally& t, std::size_t block, std::size_t value, float score, double cost, int calls,
           std::int64_t tokens, bool hard, bool best) {
  const std::size_t at = block * t.values + value;
  t.quality[at] += score;
  t.cost[at] += static_cast<float>(cost);
  t.calls[at] += static_cast<float>(calls);
  t.tokens[at] += static_cast<float>(tokens);
  if (hard && score >= 0.5F) t.hard_right[at] += 1;
  if (best) t.best_calls[at] += 1;
  t.worst[value] = std::max(t.worst[value], static_cast<float>(cost));
}

bool IsHard(std::uint16_t solved) {
  return solved >= 1 && solved <= 3;
}

void CountRows(const TallyInput& in, const SeedFacts& seed, Tally& t) {
  for (const std::size_t r : seed.split.test) {
    t.rows[in.blocks.of_row[r]] += 1;
    if (IsHard(in.solved_by[r])) t.hard_rows[in.blocks.of_row[r]] += 1;
  }
}

void CountBelief(const Row& row, const Policy& policy, Replay& replay, std::vector<float>& belief, Tally& t) {
  if (!policy.Believe(replay, belief)) return;
  t.calibration.resize(10);
  for (std::size_t w = 0; w < belief.size(); ++w) {
    if (!row.cells[w].recorded) continue;
    const double p = std::min(1.0, std::max(0.0, static_cast<double>(belief[w])));
    Tally::Bin& bin = t.calibration[std::min<std::size_t>(9, static_cast<std::size_t>(p * 10))];
    const double score = row.cells[w].score;
    bin.cells += 1;
    bin.believed += p;
    bin.scored += score;
    bin.squares += (p - score) * (p - score);
  }
}

}  // namespace

Blocks MakeBlocks(const OutcomeMatrix& matrix, const std::vector<std::size_t>& group, std::size_t target,
                  std::size_t max_slices) {
  Blocks blocks;
  const auto names = SliceNames(matrix);
  blocks.slices = Largest(names, max_slices);
  blocks.slice_rows.resize(blocks.slices.size());
  // Groups of each slice, in an order that has nothing to do with the file's.
  std::vector<std::map<std::pair<double, std::size_t>, std::vector<std::size_t>>> groups(
      blocks.slices.size());
  for (std::size_t r = 0; r < matrix.rows.size(); ++r) {
    auto at = std::find(blocks.slices.begin(), blocks.slices.end(), names[r]);
    if (at == blocks.slices.end()) --at;
    const auto s = static_cast<std::size_t>(at - blocks.slices.begin());
    const Row& head = matrix.rows[group[r]];
    groups[s][{UnitHash(head.benchmark + '\n' + head.id, 0x0b10c), group[r]}].push_back(r);
    ++blocks.slice_rows[s];
  }
  blocks.of_row.resize(matrix.rows.size());
  for (std::size_t s = 0; s < groups.size(); ++s) {
    const std::size_t wanted = std::max<std::size_t>(
        20, target * blocks.slice_rows[s] / std::max<std::size_t>(1, matrix.rows.size()));
    const std::size_t n = std::min(wanted, groups[s].size());
    const std::size_t first = blocks.slice_of.size();
    std::size_t g = 0;
    for (const auto& [key, rows] : groups[s]) {
      for (const std::size_t r : rows) blocks.of_row[r] = static_cast<std::uint32_t>(first + g % n);
      ++g;
    }
    blocks.slice_of.resize(first + n, static_cast<std::uint32_t>(s));
  }
  return blocks;
}

void Tally::Resize(std::size_t b, std::size_t v) {
  blocks = b;
  values = v;
  rows.assign(b, 0);
  hard_rows.assign(b, 0);
  for (auto* sums : {&quality, &cost, &calls, &tokens, &hard_right, &best_calls}) sums->assign(b * v, 0);
  worst.assign(v, 0);
}

SeedFacts FactsOf(const OutcomeMatrix& matrix, Split split) {
  SeedFacts facts;
  facts.split = std::move(split);
  const CostForecast cost(matrix, facts.split.train);
  std::vector<double> quality(matrix.workers.size()), seen(matrix.workers.size());
  for (const std::size_t r : facts.split.train) {
    for (std::size_t w = 0; w < quality.size(); ++w) {
      quality[w] += matrix.rows[r].cells[w].recorded ? matrix.rows[r].cells[w].score : 0;
      seen[w] += matrix.rows[r].cells[w].recorded;
    }
  }
  // Cheapest and dearest only among workers that can nearly always be had.
  const double most = *std::max_element(seen.begin(), seen.end());
  bool first = true;
  for (std::size_t w = 0; w < quality.size(); ++w) {
    if (quality[w] > quality[facts.best]) facts.best = w;
    if (seen[w] < 0.9 * most) continue;
    if (first || cost.Mean(w) < cost.Mean(facts.cheapest)) facts.cheapest = w;
    if (first || cost.Mean(w) > cost.Mean(facts.dearest)) facts.dearest = w;
    first = false;
  }
  return facts;
}

std::vector<std::uint16_t> SolvedBy(const OutcomeMatrix& matrix) {
  std::vector<std::uint16_t> n(matrix.rows.size());
  for (std::size_t r = 0; r < n.size(); ++r) {
    for (const Cell& cell : matrix.rows[r].cells)
      n[r] = static_cast<std::uint16_t>(n[r] + (cell.recorded && cell.score >= 0.5F));
  }
  return n;
}

Tally RunPolicy(const TallyInput& in, const SeedFacts& seed, std::uint64_t seed_number, Policy& policy) {
  Tally t;
  const TimePoint start = in.clock.Now();
  const Status fit = policy.Fit(
      TrainView{in.matrix, seed.split.train, in.features, in.width, in.embedded, seed_number, in.values});
  t.fit_seconds = std::chrono::duration<double>(in.clock.Now() - start).count();
  if (!fit) {
    t.skipped = fit.error().message;
    return t;
  }
  t.Resize(in.blocks.size(), policy.UsesValue() ? in.values.size() : 1);
  CountRows(in, seed, t);
  const CostForecast forecast(in.matrix, seed.split.train);
  Replay replay(in.matrix, in.features, in.width, forecast);
  std::vector<double> micros;
  std::vector<float> belief(in.matrix.workers.size());
  for (const std::size_t r : seed.split.test) {
    replay.Load(r);
    for (std::size_t k = 0; k < t.values; ++k) {
      // From the middle: the first decision, which is timed, is then a usual one.
      const std::size_t v = (k + t.values / 2) % t.values;
      replay.Restart();
      const TimePoint before = in.clock.Now();
      const std::size_t worker = policy.Decide(replay, in.values[v]);
      if (k == 0) micros.push_back(Micros(in.clock.Now() - before));
      Count(t, in.blocks.of_row[r], v, replay.Score(worker), replay.spent_usd(), replay.calls(),
            replay.tokens(), IsHard(in.solved_by[r]), replay.Asked(seed.best));
    }
    CountBelief(in.matrix.rows[r], policy, replay, belief, t);
  }
  t.decide_p50_us = Quantile(micros, 0.5);
  t.decide_p99_us = Quantile(micros, 0.99);
  return t;
}

Tally RunAlone(const TallyInput& in, const SeedFacts& seed, std::size_t worker) {
  Tally t;
  t.Resize(in.blocks.size(), 1);
  CountRows(in, seed, t);
  const CostForecast forecast(in.matrix, seed.split.train);
  for (const std::size_t r : seed.split.test) {
    const Cell& cell = in.matrix.rows[r].cells[worker];
    const double cost = cell.recorded ? cell.cost_usd : forecast.Mean(worker);
    Count(t, in.blocks.of_row[r], 0, cell.recorded ? cell.score : 0, cost, 1, 0, IsHard(in.solved_by[r]),
          worker == seed.best);
  }
  return t;
}

Tally RunOracle(const TallyInput& in, const SeedFacts& seed) {
  Tally t;
  t.Resize(in.blocks.size(), 1);
  CountRows(in, seed, t);
  for (const std::size_t r : seed.split.test) {
    const Cell* best = nullptr;
    for (const Cell& cell : in.matrix.rows[r].cells) {
      if (!cell.recorded) continue;
      if (!best || cell.score > best->score || (cell.score == best->score && cell.cost_usd < best->cost_usd))
        best = &cell;
    }
    Count(t, in.blocks.of_row[r], 0, best->score, best->cost_usd, 1, 0, IsHard(in.solved_by[r]), false);
  }
  return t;
}

}  // namespace baton::evaluate
