// Inside estimate/: the one factorisation that linear fits need, in double precision.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace baton::estimate {

// In place: the lower triangle of a symmetric n x n matrix becomes its Cholesky factor. False when the matrix
// is not positive definite.
inline bool Factor(std::vector<double>* a, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    double* row = a->data() + i * n;
    for (std::size_t j = 0; j <= i; ++j) {
      const double* other = a->data() + j * n;
      double sum = row[j];
      for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      if (i != j) {
        row[j] = sum / other[j];
      } else if (!(sum > 0) || !std::isfinite(sum)) {
        return false;
      } else {
        row[j] = std::sqrt(sum);
      }
    }
  }
  return true;
}

// In place: b becomes the solution of L L' x = b.
inline void Solve(const std::vector<double>& l, std::size_t n, std::vector<double>* b) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) (*b)[i] -= l[i * n + k] * (*b)[k];
    (*b)[i] /= l[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) (*b)[i] -= l[k * n + i] * (*b)[k];
    (*b)[i] /= l[i * n + i];
  }
}

}  // namespace baton::estimate
