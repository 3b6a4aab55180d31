#include "estimate/laplace.h"

#include <cmath>

#include "base/vectors.h"
#include "estimate/cholesky.h"

namespace baton::estimate {
namespace {

// Of a lower triangle, row by row: each row of the inverse is a combination of those above it.
std::vector<float> InvertTriangle(const std::vector<double>& l, std::size_t n) {
  std::vector<double> inverse(n * n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    double* row = inverse.data() + i * n;
    for (std::size_t k = 0; k < i; ++k) {
      const double f = l[i * n + k];
      for (std::size_t j = 0; j <= k; ++j) row[j] -= f * inverse[k * n + j];
    }
    row[i] = 1;
    for (std::size_t j = 0; j <= i; ++j) row[j] /= l[i * n + i];
  }
  std::vector<float> packed;
  packed.reserve(n * (n + 1) / 2);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) packed.push_back(static_cast<float>(inverse[i * n + j]));
  }
  return packed;
}

}  // namespace

Laplace::Laplace(std::span<const float> h, std::span<const float> weight, std::size_t n, double scale,
                 float prior) {
  std::vector<float> sum(n * n, 0);
  for (std::size_t r = 0; r < weight.size(); ++r) {
    const float* row = h.data() + r * n;
    for (std::size_t i = 0; i < n; ++i) AddScaled(weight[r] * row[i], row, sum.data() + i * n, i + 1);
  }
  std::vector<double> a(n * n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j)
      a[i * n + j] = scale * static_cast<double>(sum[i * n + j]) + (i == j ? prior : 0.0);
  }
  if (!Factor(&a, n)) return;
  n_ = n;
  inverse_ = InvertTriangle(a, n);
}

float Laplace::Variance(std::span<const float> h) const {
  float sum = 0;
  const float* row = inverse_.data();
  for (std::size_t i = 0; i < n_; ++i) {
    const float v = Dot(row, h.data(), i + 1);
    sum += v * v;
    row += i + 1;
  }
  return sum;
}

void Laplace::Save(ByteWriter* out) const {
  out->Put(inverse_);
}

Laplace Laplace::Read(ByteReader* in, std::size_t n) {
  Laplace l;
  l.inverse_ = in->Floats();
  if (!l.inverse_.empty() && l.inverse_.size() != n * (n + 1) / 2) in->Fail();
  l.n_ = in->failed() || l.inverse_.empty() ? 0 : n;
  return l;
}

}  // namespace baton::estimate
