// The small formulas of training, apart from tensors and loops.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::train {

// Learning rate at `step` of `steps`: up in a line over the first `warm_up` steps, then down along half a
// cosine to a tenth of `peak`. Steps count from 0.
double CosineRate(int step, int steps, int warm_up, double peak);

// How much better each of a group's rollouts was than their mean, in standard deviations: (r - mean) /
// max(std, floor). All zero where all are equal. The floor keeps a group that differs by a fraction of a cent
// alone from speaking as loudly as one in which half are wrong.
std::vector<double> Advantages(const std::vector<double>& rewards, double floor);

// An independent seed for every use: of the run's, a name, and numbers.
std::uint64_t SeedOf(std::uint64_t seed, std::string_view what, std::uint64_t a, std::uint64_t b = 0);

// How far two lists of log-probabilities of the same tokens are apart.
struct Gap {
  double mean = 0, most = 0;  // absolute differences
  // Of the distributions, from samples of the first: mean of exp(d) - 1 - d, d = second - first, which is
  // never negative and whose mean is the divergence (Schulman, 2020).
  double divergence = 0;
  std::int64_t tokens = 0;
};
Gap GapOf(const std::vector<std::vector<float>>& drawn, const std::vector<std::vector<float>>& own);

// Values as a line of eight heights, at most `width` wide, for terminals.
std::string Spark(const std::vector<double>& values, std::size_t width);

}  // namespace baton::train
