// Inside estimate/: the orders of workers that are worth a replay.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

namespace baton::estimate {

// What the training rows say of each worker.
struct Survey {
  std::size_t rows = 0;
  const std::vector<int>& able;  // recorded often enough to be judged
  const std::vector<double>& quality;
  const std::vector<double>& usd;
  std::size_t best = 0;
};

// Every able worker alone; near-best workers from cheap to dear and by price per evidence, with the best
// behind the cheap ones; pairs and triples of those that are best for some of `values` (USD per point).
std::set<std::vector<int>> MakeTeams(const Survey& survey, const std::vector<double>& values);

}  // namespace baton::estimate
