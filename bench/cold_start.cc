// How well a worker that was never recorded is used, by the number of probe items it has answered: every
// worker of a set in turn is treated as new.
//   build/release/bench/cold_start FILE models/minilm-static.table [SEEDS]
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>

#include "base/random.h"
#include "estimate/cold_curve.h"
#include "estimate/family.h"
#include "estimate/features.h"
#include "evaluate/prices.h"
#include "evaluate/read_matrix.h"

namespace baton {
namespace {

struct Data {
  estimate::Table table;
  estimate::ColdSetting setting;
};

Data TableOf(evaluate::OutcomeMatrix& matrix, const estimate::Featurizer& f) {
  const auto prices = evaluate::FillCosts(matrix, {});
  Data d;
  estimate::Table& t = d.table;
  t.workers = matrix.workers.size(), t.features = f.width(), t.embedded = f.embedded();
  std::vector<double> cost(t.workers, 0), n(t.workers, 0);
  std::vector<std::string_view> prompts;
  for (const auto& row : matrix.rows) {
    if (row.prompt.empty()) continue;
    prompts.push_back(row.prompt);
    for (std::size_t w = 0; w < t.workers; ++w) {
      const bool recorded = w < row.cells.size() && row.cells[w].recorded;
      t.quality.push_back(recorded ? row.cells[w].score : estimate::kMissing);
      if (recorded && std::isfinite(row.cells[w].cost_usd)) cost[w] += row.cells[w].cost_usd, n[w] += 1;
    }
  }
  t.rows = prompts.size();
  t.x = f.OfPrompts(prompts);
  for (std::size_t w = 0; w < t.workers; ++w) {
    d.setting.cost_usd.push_back(n[w] > 0 ? cost[w] / n[w] : 0);
    d.setting.facts.push_back(
        {estimate::FamilyOf(evaluate::PlainModelName(matrix.workers[w])), d.setting.cost_usd[w] * 1000});
  }
  // A right answer is worth twenty times what the mean worker costs: quality matters, and so does money.
  d.setting.value_usd = 20 * std::accumulate(d.setting.cost_usd.begin(), d.setting.cost_usd.end(), 0.0) /
                        static_cast<double>(t.workers);
  return d;
}

int Main(int argc, char** argv) {
  if (argc < 3) return fmt::print(stderr, "usage: cold_start FILE TABLE [SEEDS]\n"), 2;
  const int seeds = argc > 3 ? std::atoi(argv[3]) : 3;
  auto table = text::StaticTable::Load(argv[2]);
  if (!table) return fmt::print(stderr, "{}\n", table.error().message), 1;
  evaluate::OutcomeMatrix matrix;
  evaluate::ReadReport report;
  if (auto read = evaluate::ReadMatrix(argv[1], {}, matrix, report); !read)
    return fmt::print(stderr, "{}\n", read.error().message), 1;
  Data d = TableOf(matrix, estimate::Featurizer(*table));
  struct Sum {
    double regret = 0, squares = 0, loss = 0, share = 0, n = 0;
  };
  std::map<std::size_t, Sum> curve;
  for (int seed = 1; seed <= seeds; ++seed) {
    std::vector<std::size_t> order(d.table.rows);
    std::iota(order.begin(), order.end(), 0);
    Random random(static_cast<std::uint64_t>(seed));
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
    const std::size_t half = order.size() / 2;
    const auto train = d.table.Select(std::span(order).first(half)),
               test = d.table.Select(std::span(order).subspan(half));
    for (std::size_t w = 0; w < d.table.workers; ++w) {
      d.setting.newcomer = w;
      estimate::FitOptions options;
      options.seed = static_cast<std::uint64_t>(seed);
      auto points = estimate::ColdCurve(train, test, d.setting, options);
      if (!points) return fmt::print(stderr, "{}\n", points.error().message), 1;
      for (const auto& p : *points) {
        Sum& s = curve[p.probes];
        const double regret = p.regret / d.setting.value_usd;
        s.regret += regret, s.squares += regret * regret, s.loss += p.log_loss, s.share += p.share, s.n += 1;
      }
    }
  }
  fmt::print(
      "{} rows, {} workers, each in turn as the newcomer, {} seeds; value of a right answer ${:.4f}\n\n",
      d.table.rows, d.table.workers, seeds, d.setting.value_usd);
  fmt::print(
      "| probes | regret, points of quality | +- (95 %) | log loss of the newcomer | share sent to it "
      "|\n|---|---|---|---|---|\n");
  for (const auto& [k, s] : curve) {
    const double mean = s.regret / s.n, sd = std::sqrt(std::max(s.squares / s.n - mean * mean, 0.0));
    fmt::print("| {} | {:.2f} | {:.2f} | {:.3f} | {:.3f} |\n", k, 100 * mean, 196 * sd / std::sqrt(s.n),
               s.loss / s.n, s.share / s.n);
  }
  return 0;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  return baton::Main(argc, argv);
}
