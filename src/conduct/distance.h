// How far apart two states are.
#pragma once

#include <cstddef>
#include <span>

namespace baton::conduct {

// REQUIRES: equal lengths.
inline double SquaredDistance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d * d;
  }
  return sum;
}

}  // namespace baton::conduct
