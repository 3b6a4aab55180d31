// Inside estimate/: when a plan stops, from its replay on the training rows (see evidence_plan.h).
#pragma once

#include <cstddef>
#include <vector>

#include "estimate/evidence_plan.h"

namespace baton::estimate {

// A plan replayed on the training rows: what stopping after each position gives.
struct Replay {
  std::size_t n = 0, m = 0;
  std::vector<float> score, doubt, usd;  // n x m
  float Score(std::size_t r, std::size_t j) const { return score[r * m + j]; }
  float Doubt(std::size_t r, std::size_t j) const { return doubt[r * m + j]; }
  float Usd(std::size_t r, std::size_t j) const { return usd[r * m + j]; }
};

struct Totals {
  std::vector<float> quality, usd;  // per row
};

class Induction {
 public:
  // `fold`: of each row. `stopping` false: plans ask all their workers.
  Induction(const std::vector<int>& fold, int folds, bool stopping)
      : fold_(fold), folds_(folds), stopping_(stopping) {}

  // By backward induction on the rows outside `fold` (-1: on all), for what a point is worth in USD.
  Rule Induce(const Replay& replay, double value, int fold) const;
  // What each row gives under a rule induced from the other folds.
  Totals Judge(const Replay& replay, double value) const;

 private:
  bool GoesOn(const Position& p, double doubt, double value) const;
  void StepBack(const Replay& replay, const std::vector<std::size_t>& rows, std::size_t j, double value,
                const std::vector<float>& reached, Rule* rule, Totals* totals) const;
  void Walk(const Replay& replay, double value, const Rule& rule, std::vector<float>* reached) const;

  const std::vector<int>& fold_;
  const int folds_;
  const bool stopping_;
};

}  // namespace baton::estimate
