// Inside estimate/: the orders of workers that are worth a replay.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "estimate/evidence.h"

namespace baton::estimate {

// What the training rows say of each worker.
struct Survey {
  const EvidenceTable& table;
  const std::vector<int>& able;  // recorded often enough to be judged
  const std::vector<double>& quality;
  const std::vector<double>& usd;
  std::size_t best = 0;
};

// Every able worker alone; committees of the most reliable workers under a price, with and without the best
// worker to decide what they leave open; pairs and triples of those that are best for some of `values` (USD
// per point).
std::set<std::vector<int>> MakeTeams(const Survey& survey, const std::vector<double>& values);

}  // namespace baton::estimate
