// What a router says of a question before anybody is asked, for the evidence policy: the mean of three
// estimators that fit in a second. (The server's stack takes six times as long for estimates that the belief
// shrinks anyway.)
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "estimate/estimator.h"

namespace baton::evaluate {

// Immutable after Fit; thread safe.
class QuickRouter {
 public:
  // Errors: as estimate::Fit.
  static Result<QuickRouter> Fit(const estimate::Table& table, std::uint64_t seed);
  // P(right) per worker. REQUIRES: sizes as fitted.
  void Predict(std::span<const float> x, std::span<float> quality) const;

 private:
  std::vector<std::unique_ptr<estimate::Estimator>> estimators_;
};

// P(right) for every row and worker of the table (row-major), each row by a router that was fitted without
// it: what is learned from these figures holds for new questions.
Result<std::vector<float>> UnseenPrior(const estimate::Table& table, std::uint64_t seed);

}  // namespace baton::evaluate
