// How far two models' scores for the next token are from each other, over many places.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "lm/token_sampler.h"
#include "lm/weights.h"

namespace baton::train {

struct ScoreDistance {
  double most = 0, squares = 0, spread_squares = 0, kl = 0, logprobs = 0;
  std::int64_t places = 0, values = 0, same = 0;

  double rms() const { return std::sqrt(squares / static_cast<double>(std::max<std::int64_t>(1, values))); }
  double spread() const {
    return std::sqrt(spread_squares / static_cast<double>(std::max<std::int64_t>(1, values)));
  }
  double agreement() const { return static_cast<double>(same) / static_cast<double>(places); }
  double divergence() const { return kl / static_cast<double>(places); }
  double logprob() const { return logprobs / static_cast<double>(places); }

  // REQUIRES: the same shape.
  void Add(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) AddPlace(a[i], b[i]);
  }

 private:
  static double LogSum(const std::vector<float>& v) {
    const double top = *std::max_element(v.begin(), v.end());
    double sum = 0;
    for (const float x : v) sum += std::exp(x - top);
    return top + std::log(sum);
  }
  void AddPlace(const std::vector<float>& a, const std::vector<float>& b) {
    const double sa = LogSum(a), sb = LogSum(b);
    double mean = 0;
    for (const float x : a) mean += x / static_cast<double>(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double d = static_cast<double>(b[i]) - static_cast<double>(a[i]);
      most = std::max(most, std::abs(d));
      squares += d * d;
      spread_squares += (a[i] - mean) * (a[i] - mean);
      const double la = a[i] - sa, lb = b[i] - sb;
      kl += std::exp(la) * (la - lb);
    }
    const auto best = std::max_element(a.begin(), a.end()) - a.begin();
    same += best == std::max_element(b.begin(), b.end()) - b.begin() ? 1 : 0;
    logprobs += std::abs((a[static_cast<std::size_t>(best)] - sa) - (b[static_cast<std::size_t>(best)] - sb));
    values += static_cast<std::int64_t>(a.size());
    ++places;
  }
};

}  // namespace baton::train
