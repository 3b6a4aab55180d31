// The few kernels of linear algebra that the baselines share.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace baton::evaluate {

float Dot(std::span<const float> a, std::span<const float> b);
// y += s * x
void Axpy(float s, std::span<const float> x, std::span<float> y);
// To length 1; a zero vector stays.
void Normalise(std::span<float> x);

// Solves (A + ridge I) X = B for symmetric positive A (n x n) and B (n x m, row-major), by Cholesky. B
// becomes X. REQUIRES: ridge > 0.
void SolveRidge(std::vector<double> a, std::size_t n, double ridge, std::vector<double>& b, std::size_t m);

inline float Sigmoid(float x) {
  // exp of a large argument is infinite, and the result right.
  return 1 / (1 + __builtin_expf(-x));
}

// Adam (Kingma and Ba, 2015) over one flat vector of parameters.
class Adam {
 public:
  Adam(std::size_t n, float rate, float decay = 0) : m_(n), v_(n), rate_(rate), decay_(decay) {}
  // Moves `p` against `gradient` and zeroes it.
  void Step(std::span<float> p, std::span<float> gradient);

 private:
  std::vector<float> m_, v_;
  float rate_, decay_;
  float b1t_ = 1, b2t_ = 1;
};

}  // namespace baton::evaluate
