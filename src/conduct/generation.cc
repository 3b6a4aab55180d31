#include "conduct/generation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace baton::conduct {

std::vector<const arena::Problem*> DrawProblems(const std::vector<arena::Problem>& problems, int n,
                                                Random& random) {
  std::vector<std::size_t> order(problems.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<const arena::Problem*> out;
  for (int i = 0; i < n && !problems.empty(); ++i) {
    const auto from = static_cast<std::size_t>(i) % order.size();
    std::swap(order[from], order[from + random.Below(order.size() - from)]);
    out.push_back(&problems[order[from]]);
  }
  return out;
}

Random OfGeneration(std::uint64_t seed, int generation, std::uint64_t purpose) {
  return Random(seed * 0x9e3779b97f4a7c15ULL + static_cast<std::uint64_t>(generation) * 7919 + purpose);
}

std::vector<Trial> TrialsOf(const std::vector<Coordinator>& candidates,
                            const std::vector<const arena::Problem*>& problems, Random& random) {
  std::vector<Trial> out;
  for (const auto& c : candidates) {
    for (const auto* p : problems) out.push_back({&c, p, random.Next() | 1});
  }
  return out;
}

CurveRow RowOf(int generation, const std::vector<Run>& runs, std::size_t per_candidate,
               std::vector<double>* utilities) {
  CurveRow row;
  row.generation = generation;
  utilities->clear();
  for (std::size_t at = 0; at < runs.size(); at += per_candidate) {
    double sum = 0;
    for (std::size_t i = at; i < at + per_candidate; ++i) sum += runs[i].utility;
    utilities->push_back(sum / static_cast<double>(per_candidate));
  }
  const auto n = static_cast<double>(runs.size());
  for (const auto& r : runs) {
    row.score += r.rollout.score / n;
    row.usd += static_cast<double>(r.rollout.cost.v) * 1e-9 / n;
    row.turns += static_cast<double>(r.choices.size()) / n;
  }
  row.mean =
      std::accumulate(utilities->begin(), utilities->end(), 0.0) / static_cast<double>(utilities->size());
  row.best = *std::max_element(utilities->begin(), utilities->end());
  return row;
}

int PopulationOf(const Coordinator& c, const OptimiseOptions& o) {
  if (o.population > 0) return o.population;
  return static_cast<int>(std::ceil(4 + 3 * std::log(static_cast<double>(c.parameters()))));
}

}  // namespace baton::conduct
