#include "train/maths.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace baton::train {

double CosineRate(int step, int steps, int warm_up, double peak) {
  if (step < warm_up) return peak * (step + 1) / warm_up;
  const int rest = std::max(1, steps - warm_up);
  const double share = std::min(1.0, static_cast<double>(step - warm_up) / rest);
  constexpr double kLeast = 0.1;
  return peak * (kLeast + (1 - kLeast) * (1 + std::cos(std::numbers::pi * share)) / 2);
}

std::vector<double> Advantages(const std::vector<double>& rewards, double floor) {
  double mean = 0, square = 0;
  for (const double r : rewards) mean += r / static_cast<double>(rewards.size());
  for (const double r : rewards) square += (r - mean) * (r - mean) / static_cast<double>(rewards.size());
  std::vector<double> out;
  const double spread = std::max(std::sqrt(square), floor);
  for (const double r : rewards) out.push_back(spread > 0 ? (r - mean) / spread : 0);
  return out;
}

std::uint64_t SeedOf(std::uint64_t seed, std::string_view what, std::uint64_t a, std::uint64_t b) {
  std::uint64_t h = 1469598103934665603ULL;
  const auto mix = [&h](std::uint64_t v) {
    for (int i = 0; i < 8; ++i) h = (h ^ ((v >> (8 * i)) & 0xff)) * 1099511628211ULL;
  };
  mix(seed);
  for (const unsigned char c : what) h = (h ^ c) * 1099511628211ULL;
  mix(a);
  mix(b);
  return h;
}

Gap GapOf(const std::vector<std::vector<float>>& drawn, const std::vector<std::vector<float>>& own) {
  Gap g;
  for (std::size_t i = 0; i < drawn.size() && i < own.size(); ++i) {
    for (std::size_t j = 0; j < drawn[i].size() && j < own[i].size(); ++j) {
      const double d = static_cast<double>(own[i][j]) - static_cast<double>(drawn[i][j]);
      g.mean += std::abs(d);
      g.most = std::max(g.most, std::abs(d));
      g.divergence += std::expm1(d) - d;
      ++g.tokens;
    }
  }
  if (g.tokens > 0) {
    g.mean /= static_cast<double>(g.tokens);
    g.divergence /= static_cast<double>(g.tokens);
  }
  return g;
}

std::string Spark(const std::vector<double>& values, std::size_t width) {
  static constexpr const char* kHeights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty() || width == 0) return {};
  std::vector<double> columns;
  const std::size_t n = std::min(width, values.size());
  for (std::size_t c = 0; c < n; ++c) {
    const std::size_t from = c * values.size() / n, to = std::max(from + 1, (c + 1) * values.size() / n);
    double sum = 0;
    for (std::size_t i = from; i < to; ++i) sum += values[i];
    columns.push_back(sum / static_cast<double>(to - from));
  }
  const auto [low, high] = std::minmax_element(columns.begin(), columns.end());
  std::string out;
  for (const double v : columns) {
    const double share = *high > *low ? (v - *low) / (*high - *low) : 0.5;
    out += kHeights[std::clamp(static_cast<int>(share * 8), 0, 7)];
  }
  return out;
}

}  // namespace baton::train
