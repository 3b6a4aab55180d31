// How long will each worker's answer be? With a price list that is what a call will cost.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "estimate/estimator.h"

namespace baton::estimate {

// An answer of usual length, where nothing was recorded.
inline constexpr float kUsualTokens = 400;

// Ridge regression of each worker's log(1 + tokens) on the features; the expectation of the log-normal it
// implies. Immutable, thread safe.
class LengthModel {
 public:
  // Knows nothing: kUsualTokens for everybody.
  LengthModel() = default;
  // A worker whose lengths were never recorded gets the mean of the others. Table::out_tokens may be empty.
  static LengthModel Fit(const Table& table, const FitOptions& options);

  bool known() const { return !weights_.empty(); }
  // Expected output tokens. REQUIRES: x has the features it was fitted to, out one place per worker.
  void Predict(std::span<const float> x, std::span<float> out) const;
  void Save(ByteWriter* out) const;
  static LengthModel Read(ByteReader* in, std::size_t features, std::size_t workers);

 private:
  std::size_t features_ = 0;
  std::vector<float> mean_, scale_;   // of the features
  std::vector<float> weights_;        // workers x (features + 1), the constant last
  std::vector<float> half_variance_;  // of what is left over, per worker
};

}  // namespace baton::estimate
