// A small logistic model, for scorers of answers and for beliefs after an answer has been seen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace baton::evaluate {

class Logistic {
 public:
  // `x` is n x width; targets may be anything from 0 to 1. Deterministic. One target per row.
  void Fit(std::span<const float> x, std::size_t width, std::span<const float> target, float decay = 1e-3F,
           int epochs = 20, std::uint64_t seed = 1);
  float Predict(std::span<const float> x) const;
  bool fitted() const { return !weights_.empty(); }

 private:
  std::vector<float> weights_;
  float bias_ = 0;
};

}  // namespace baton::evaluate
