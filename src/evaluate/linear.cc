#include "evaluate/linear.h"

#include <cmath>

// The same source for every processor: the loader takes the widest version it can run. Not under sanitizers,
// whose runtime is not up yet when the loader asks.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define BATON_WIDE __attribute__((target_clones("default", "arch=haswell", "arch=skylake-avx512")))
#else
#define BATON_WIDE
#endif

namespace baton::evaluate {
namespace {

// Sixteen partial sums: the order of additions is fixed, so the result does not depend on the processor's
// width (fused multiply-add rounds once instead of twice, which is why contraction is off for this file).
constexpr std::size_t kLanes = 16;

BATON_WIDE float DotOf(const float* a, const float* b, std::size_t n) {
  float sum[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::size_t k = 0; k < kLanes; ++k) sum[k] += a[i + k] * b[i + k];
  for (std::size_t k = 0; i < n; ++i, ++k) sum[k] += a[i] * b[i];
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
    for (std::size_t k = 0; k < half; ++k) sum[k] += sum[k + half];
  return sum[0];
}

BATON_WIDE void AxpyOf(float s, const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] += s * x[i];
}

BATON_WIDE void AxpyOf(double s, const double* x, double* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] += s * x[i];
}

}  // namespace

float Dot(std::span<const float> a, std::span<const float> b) {
  return DotOf(a.data(), b.data(), a.size());
}

void Axpy(float s, std::span<const float> x, std::span<float> y) {
  AxpyOf(s, x.data(), y.data(), x.size());
}

void Normalise(std::span<float> x) {
  const float norm = std::sqrt(Dot(x, x));
  if (norm == 0) return;
  for (float& v : x) v /= norm;
}

void SolveRidge(std::vector<double> a, std::size_t n, double ridge, std::vector<double>& b, std::size_t m) {
  // Lower triangle of A becomes L; rows are updated whole, so that memory is walked in order.
  for (std::size_t i = 0; i < n; ++i) a[i * n + i] += ridge;
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = j; i < n; ++i) {
      double sum = a[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i == j ? std::sqrt(sum) : sum / a[j * n + j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) AxpyOf(-a[i * n + k], &b[k * m], &b[i * m], m);
    for (std::size_t c = 0; c < m; ++c) b[i * m + c] /= a[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) AxpyOf(-a[k * n + i], &b[k * m], &b[i * m], m);
    for (std::size_t c = 0; c < m; ++c) b[i * m + c] /= a[i * n + i];
  }
}

void Adam::Step(std::span<float> p, std::span<float> gradient) {
  constexpr float kB1 = 0.9F, kB2 = 0.999F, kTiny = 1e-8F;
  b1t_ *= kB1;
  b2t_ *= kB2;
  const float rate = rate_ * std::sqrt(1 - b2t_) / (1 - b1t_);
  for (std::size_t i = 0; i < p.size(); ++i) {
    const float g = gradient[i] + decay_ * p[i];
    m_[i] = kB1 * m_[i] + (1 - kB1) * g;
    v_[i] = kB2 * v_[i] + (1 - kB2) * g * g;
    p[i] -= rate * m_[i] / (std::sqrt(v_[i]) + kTiny);
    gradient[i] = 0;
  }
}

}  // namespace baton::evaluate
