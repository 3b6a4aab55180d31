// Inside estimate/: how sure a linear read-out is. Laplace's approximation: around the fitted weights the
// posterior is a Gaussian whose precision is prior + sum over rows of p(1-p) h h'. One factor serves all
// workers: those with fewer cells are less sure in proportion.
#pragma once

#include <span>
#include <vector>

#include "estimate/bytes.h"

namespace baton::estimate {

class Laplace {
 public:
  Laplace() = default;
  // `h`: rows x n; `weight`: p(1-p) of each row; `prior`: precision of each weight. An empty object (spread
  // 0) when the matrix cannot be factored.
  Laplace(std::span<const float> h, std::span<const float> weight, std::size_t n, double scale, float prior);
  // Variance of h . w. REQUIRES: h.size() == n.
  float Variance(std::span<const float> h) const;
  void Save(ByteWriter* out) const;
  static Laplace Read(ByteReader* in, std::size_t n);

 private:
  std::size_t n_ = 0;
  std::vector<float> inverse_;  // the Cholesky factor's inverse, lower triangle, row by row
};

}  // namespace baton::estimate
