// 95 % intervals, so that no figure in a report stands alone.
#pragma once

#include <cstdint>
#include <vector>

namespace baton::report {

struct Interval {
  double low = 0, high = 1;
};

// Of a share: Wilson's score interval (1927), right also for few trials and shares near 0 or 1. n 0: [0, 1].
Interval Wilson(std::int64_t hits, std::int64_t n);
// Of a mean: percentile bootstrap with 1,000 resamples from a fixed seed, so that a report can be repeated.
// Fewer than two values: the whole range that `values` may have, [low, high].
Interval Bootstrap(const std::vector<double>& values, double low, double high);
// The value below which `share` of them lie; `values` is sorted by it. Empty: 0.
double Quantile(std::vector<double>& values, double share);

}  // namespace baton::report
