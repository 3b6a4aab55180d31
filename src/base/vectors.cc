#include "base/vectors.h"

#include <algorithm>
#include <cmath>

#include "base/clones.h"

namespace baton {
namespace {

constexpr std::size_t kWide = 16;

}  // namespace

BATON_CLONES float Dot(const float* a, const float* b, std::size_t n) {
  float lanes[kWide] = {};
  std::size_t i = 0;
  for (; i + kWide <= n; i += kWide) {
    for (std::size_t l = 0; l < kWide; ++l) lanes[l] += a[i + l] * b[i + l];
  }
  float sum = 0;
  for (; i < n; ++i) sum += a[i] * b[i];
  for (float lane : lanes) sum += lane;
  return sum;
}

BATON_CLONES float SquaredDistance(const float* a, const float* b, std::size_t n) {
  float lanes[kWide] = {};
  std::size_t i = 0;
  for (; i + kWide <= n; i += kWide) {
    for (std::size_t l = 0; l < kWide; ++l) {
      const float d = a[i + l] - b[i + l];
      lanes[l] += d * d;
    }
  }
  float sum = 0;
  for (; i < n; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  for (float lane : lanes) sum += lane;
  return sum;
}

BATON_CLONES void AddScaled(float a, const float* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

// A product fits sixteen bits (255 x 128), which halves the work.
BATON_CLONES void AddWeighted(int a, const std::int8_t* x, std::int32_t* y, std::size_t n) {
  const auto weight = static_cast<std::int16_t>(a);
  for (std::size_t i = 0; i < n; ++i) y[i] += static_cast<std::int16_t>(weight * x[i]);
}

// Four rows share each load of x.
BATON_CLONES void DotRows(const float* rows, std::size_t count, std::size_t n, const float* x, float* out) {
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float *a = rows + r * n, *b = a + n, *c = b + n, *d = c + n;
    float la[kWide] = {}, lb[kWide] = {}, lc[kWide] = {}, ld[kWide] = {};
    std::size_t i = 0;
    for (; i + kWide <= n; i += kWide) {
      for (std::size_t l = 0; l < kWide; ++l) {
        const float v = x[i + l];
        la[l] += a[i + l] * v;
        lb[l] += b[i + l] * v;
        lc[l] += c[i + l] * v;
        ld[l] += d[i + l] * v;
      }
    }
    float sa = 0, sb = 0, sc = 0, sd = 0;
    for (; i < n; ++i) {
      sa += a[i] * x[i];
      sb += b[i] * x[i];
      sc += c[i] * x[i];
      sd += d[i] * x[i];
    }
    for (std::size_t l = 0; l < kWide; ++l) sa += la[l], sb += lb[l], sc += lc[l], sd += ld[l];
    out[r] = sa, out[r + 1] = sb, out[r + 2] = sc, out[r + 3] = sd;
  }
  for (; r < count; ++r) out[r] = Dot(rows + r * n, x, n);
}

// Blocks of b's rows stay in the first cache while the rows of a pass by.
void MultiplyTransposed(const float* a, std::size_t rows, const float* b, std::size_t m, std::size_t n,
                        float* c) {
  constexpr std::size_t kBlock = 16;
  for (std::size_t from = 0; from < m; from += kBlock) {
    const std::size_t count = std::min(kBlock, m - from);
    for (std::size_t r = 0; r < rows; ++r) DotRows(b + from * n, count, n, a + r * n, c + r * m + from);
  }
}

float Normalise(float* v, std::size_t n) {
  const float length = std::sqrt(Dot(v, v, n));
  if (length <= 0) return length;
  for (std::size_t i = 0; i < n; ++i) v[i] /= length;
  return length;
}

}  // namespace baton
