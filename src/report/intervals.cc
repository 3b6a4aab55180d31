#include "report/intervals.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace baton::report {
namespace {

constexpr double kZ = 1.959963984540054;  // of 95 %
constexpr int kResamples = 1'000;
constexpr std::uint64_t kSeed = 20'260'101;

}  // namespace

Interval Wilson(std::int64_t hits, std::int64_t n) {
  if (n <= 0) return {0, 1};
  const double count = static_cast<double>(n), p = static_cast<double>(hits) / count, z2 = kZ * kZ;
  const double middle = (p + z2 / (2 * count)) / (1 + z2 / count);
  const double half = kZ / (1 + z2 / count) * std::sqrt(p * (1 - p) / count + z2 / (4 * count * count));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

Interval Bootstrap(const std::vector<double>& values, double low, double high) {
  if (values.size() < 2) return {low, high};
  Random random(kSeed);
  std::vector<double> means(kResamples);
  for (double& mean : means) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.Below(values.size())];
    mean = sum / static_cast<double>(values.size());
  }
  return {Quantile(means, 0.025), Quantile(means, 0.975)};
}

double Quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (place - static_cast<double>(below));
}

}  // namespace baton::report
