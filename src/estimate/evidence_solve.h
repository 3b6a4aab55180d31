// Inside estimate/: Newton steps for the small concave fits of the evidence belief.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace baton::estimate {

// Solves A x = b for symmetric positive definite A by Cholesky, in place. False: not positive definite.
template <std::size_t N>
bool SolveInPlace(std::array<std::array<double, N>, N>* a, std::array<double, N>* b) {
  auto& l = *a;
  for (std::size_t j = 0; j < N; ++j) {
    for (std::size_t i = j; i < N; ++i) {
      double s = l[i][j];
      for (std::size_t k = 0; k < j; ++k) s -= l[i][k] * l[j][k];
      if (i == j) {
        if (!(s > 1e-12)) return false;
        l[j][j] = std::sqrt(s);
      } else {
        l[i][j] = s / l[j][j];
      }
    }
  }
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t k = 0; k < i; ++k) (*b)[i] -= l[i][k] * (*b)[k];
    (*b)[i] /= l[i][i];
  }
  for (std::size_t i = N; i-- > 0;) {
    for (std::size_t k = i + 1; k < N; ++k) (*b)[i] -= l[k][i] * (*b)[k];
    (*b)[i] /= l[i][i];
  }
  return true;
}

// Gradient and curvature of a penalised log-likelihood; penalty pulls towards `centre`.
template <std::size_t N>
struct Newton {
  std::array<double, N> x{}, centre{}, penalty{};
  std::array<double, N> gradient{};
  std::array<std::array<double, N>, N> curvature{};

  void Begin() {
    for (std::size_t i = 0; i < N; ++i) {
      curvature[i].fill(0);
      curvature[i][i] = penalty[i] + 1e-6;
      gradient[i] = -penalty[i] * (x[i] - centre[i]);
    }
  }
  // One observation of a logistic regression with target in [0, 1].
  void AddLogistic(const std::array<double, N>& f, double target, double weight = 1) {
    double z = 0;
    for (std::size_t i = 0; i < N; ++i) z += x[i] * f[i];
    const double p = 1 / (1 + std::exp(-z));
    for (std::size_t i = 0; i < N; ++i) {
      gradient[i] += weight * (target - p) * f[i];
      for (std::size_t j = 0; j <= i; ++j) curvature[i][j] += weight * p * (1 - p) * f[i] * f[j];
    }
  }
  // Steps, no component by more than two; the length of the step.
  double Step() {
    std::array<double, N> d = gradient;
    if (!SolveInPlace(&curvature, &d)) return 0;
    double longest = 0;
    for (double v : d) longest = std::fmax(longest, std::fabs(v));
    const double scale = longest > 2 ? 2 / longest : 1;
    for (std::size_t i = 0; i < N; ++i) x[i] += scale * d[i];
    return longest;
  }
};

}  // namespace baton::estimate
