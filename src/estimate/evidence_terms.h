// Inside estimate/: the terms of the log-linear belief, one row per group of equal answers and one for
// "nobody". Fitting and weighing share this code, so that they cannot differ.
#pragma once

#include <array>
#include <cmath>
#include <span>

#include "estimate/evidence.h"

namespace baton::estimate {

inline constexpr std::size_t kReliabilityTerm = 0, kSizeTerm = 1, kLogSizeTerm = 2, kPairTerm = 3,
                             kPriorTerm = 4, kUnreadTerm = 5, kSignTerm = 6, kNoneTerm = 6 + kSigns,
                             kNoneMoreTerm = 7 + kSigns, kTerms = 8 + kSigns;

struct TermRows {
  std::array<std::array<double, kTerms>, kMaxOpinions + 1> rows;
  std::array<double, kMaxOpinions + 1> given;  // known evidence, with coefficient one: verdicts
};

inline double Logistic(double x) {
  return 1 / (1 + std::exp(-x));
}
inline double LogOddsOf(double p) {
  return std::log(p / (1 - p));
}
// What the router says of this question beyond the worker's average, in log-odds, bounded: a router that is
// sure is not.
inline double PriorShift(double prior, double own) {
  const double p = prior < 0.02 ? 0.02 : prior > 0.98 ? 0.98 : prior;
  const double shift = LogOddsOf(p) - own;
  return shift < -3 ? -3 : shift > 3 ? 3 : shift;
}

void FillTerms(const Belief& belief, std::span<const Opinion> opinions, std::span<const float> prior,
               const Posterior& groups, TermRows* out);

}  // namespace baton::estimate
