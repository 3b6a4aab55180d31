// From tallies to the figures of a report, with paired bootstrap intervals.
//
// Equal dollars without hindsight. A policy is run at many values of its knob; which mix of two of them costs
// what the best single worker costs is read from a curve. Read on the very rows it is then scored on, the
// upper hull of two dozen noisy points flatters every policy. So the mix is chosen on four fifths of the test
// questions and scored on the fifth left out, in turn; AIQ and the cost to match, whose published definitions
// read the hull itself, do that.
//
// Every curve holds one point more: the cheapest worker (chosen on train) alone, since a policy can always be
// mixed with it. All policies share it, as RouterBench's hulls share the single models.
//
// Intervals: blocks of questions are drawn with replacement, the same draws for every policy, everything
// (hull, mix, best single's cost) is computed anew in each draw and averaged over seeds, and the middle 95 %
// is taken. Which worker is the best single is part of training and stays.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/tally.h"

namespace baton::evaluate {

inline constexpr std::array kBudgetShares = {0.25, 0.5, 1.0};  // of the best single worker's cost

// Figures of one policy, or of one draw of the bootstrap. NaN: not defined (too dear for that budget, never
// as good).
struct Figures {
  double quality = 0, cost = 0, calls = 0, tokens = 0;  // at the best single worker's cost
  double hard = 0;                    // share right of the questions that 1 to 3 workers answer right, there
  std::array<double, 3> at_budget{};  // quality at kBudgetShares
  double aiq = 0;                     // over [cheapest, dearest] worker's cost
  double aiq_to_best = 0;             // over [cheapest, best single] worker's cost
  double match = 0;                   // USD per request to be as good as the best single worker
  double match_share = 0;             // the same as a share of the best single worker's cost
  double best_quality = 0, best_cost = 0;
  double oracle_quality = 0, oracle_cost = 0;
  double apgr = 0, cpt50 = 0, cpt80 = 0;  // two workers only; else NaN
};

// The fixed points that a seed's curves are held against.
struct Anchors {
  Tally best, cheapest, dearest, oracle;
};

struct PolicyTallies {
  std::string name;
  std::vector<Tally> by_seed;          // one per seed; equal in shape
  std::vector<std::string> revisions;  // of the programs that measured them
};

// A subset of blocks with weights: all ones for the figures themselves, counts of draws for the bootstrap.
using Weights = std::vector<float>;

Figures Compute(const std::vector<Tally>& policy, const std::vector<Anchors>& anchors, const Weights& weights,
                bool two_workers);

struct Interval {
  double low = 0, high = 0, se = 0;
};

// `draws` figures under resampled blocks of `slice` (or of all, -1). Equal arguments give equal draws.
std::vector<Figures> Bootstrap(const std::vector<Tally>& policy, const std::vector<Anchors>& anchors,
                               const Blocks& blocks, int slice, int draws, std::uint64_t seed,
                               bool two_workers);
// Of a figure that may be NaN in some draws: those count as beyond every number (dearer than anything), so
// that an upper end they reach is infinite.
Interval IntervalOf(std::vector<double> values);

// The curve, averaged over seeds: one point per value, and how much is spent at worst.
struct CurvePoint {
  double cost = 0, quality = 0, calls = 0;
};
std::vector<CurvePoint> CurveOf(const std::vector<Tally>& policy, const Weights& weights);

Weights AllBlocks(const Blocks& blocks, int slice);

}  // namespace baton::evaluate
