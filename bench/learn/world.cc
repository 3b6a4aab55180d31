#include "learn/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace baton::learn::bench {
namespace {

constexpr std::size_t kWidth = 32, kSlices = 5;

std::vector<float> Direction(Random& random) {
  std::vector<float> x(kWidth);
  double norm = 0;
  for (float& v : x) v = static_cast<float>(Normal(random)), norm += static_cast<double>(v) * v;
  for (float& v : x) v = static_cast<float>(v / std::sqrt(norm));
  return x;
}

double Dot(const std::vector<float>& a, const std::vector<float>& b) {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += static_cast<double>(a[i]) * b[i];
  return s;
}

// Solves a symmetric positive definite system by elimination; a is destroyed.
std::vector<double> Solve(std::vector<double> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = k + 1; i < n; ++i) {
      const double f = a[i * n + k] / a[k * n + k];
      if (f == 0) continue;
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= f * a[k * n + j];
      b[i] -= f * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
  return b;
}

}  // namespace

double Normal(Random& random) {
  const double u = 1 - random.Unit();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * M_PI * random.Unit());
}

double Mean(const std::vector<double>& v) {
  double s = 0;
  for (double x : v) s += x;
  return v.empty() ? 0 : s / static_cast<double>(v.size());
}

std::string WithInterval(const std::vector<double>& runs, int digits) {
  const double mean = Mean(runs), n = static_cast<double>(runs.size());
  double squares = 0;
  for (double x : runs) squares += (x - mean) * (x - mean);
  const double half = n > 1 ? 1.96 * std::sqrt(squares / (n - 1) / n) : 0;
  return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", mean, digits, mean - half, digits, mean + half, digits);
}

World Simulated(std::size_t workers, std::size_t requests, std::uint64_t seed) {
  Random random(seed);
  World w;
  w.name = fmt::format("simulated, {} workers", workers);
  for (std::size_t s = 0; s < kSlices; ++s) w.slices.push_back(fmt::format("slice{}", s));
  std::vector<std::vector<float>> slice_of(kSlices), skill(workers);
  std::vector<std::vector<double>> strength(workers);
  for (auto& d : slice_of) d = Direction(random);
  for (std::size_t a = 0; a < workers; ++a) {
    w.workers.push_back(fmt::format("simulated-{}", a));
    skill[a] = Direction(random);
    for (std::size_t s = 0; s < kSlices; ++s)
      strength[a].push_back(-0.2 + 1.2 * static_cast<double>(a) / static_cast<double>(workers) +
                            0.8 * Normal(random));
  }
  for (std::size_t i = 0; i < requests; ++i) {
    Request r;
    r.slice = static_cast<int>(random.Below(kSlices));
    r.x = Direction(random);
    double norm = 0;
    for (std::size_t j = 0; j < kWidth; ++j)
      r.x[j] = 0.7F * r.x[j] + slice_of[static_cast<std::size_t>(r.slice)][j];
    for (float v : r.x) norm += static_cast<double>(v) * v;
    for (float& v : r.x) v = static_cast<float>(v / std::sqrt(norm));
    const double length = 0.5 + random.Unit();
    for (std::size_t a = 0; a < workers; ++a) {
      const double logit = strength[a][static_cast<std::size_t>(r.slice)] + 2.5 * Dot(skill[a], r.x);
      const double p = 1 / (1 + std::exp(-logit));
      r.expected.push_back(static_cast<float>(p));
      r.quality.push_back(random.Unit() < p ? 1 : 0);
      r.cost.push_back(static_cast<float>(
          0.0002 * length * std::pow(3.0, static_cast<double>(a) * 4 / static_cast<double>(workers))));
    }
    w.requests.push_back(std::move(r));
  }
  return w;
}

LinearRouter LinearRouter::Fit(const World& world, std::size_t begin, std::size_t end, double ridge) {
  const std::size_t d = world.requests.front().x.size() + 1;
  std::vector<double> gram(d * d, 0), x(d, 1);
  std::vector<std::vector<double>> sums(world.workers.size(), std::vector<double>(d, 0));
  for (std::size_t i = 0; i < d; ++i) gram[i * d + i] = ridge;
  for (std::size_t row = begin; row < end; ++row) {
    const Request& r = world.requests[row];
    std::copy(r.x.begin(), r.x.end(), x.begin() + 1);
    for (std::size_t i = 0; i < d; ++i) {
      for (std::size_t j = 0; j < d; ++j) gram[i * d + j] += x[i] * x[j];
      for (std::size_t a = 0; a < sums.size(); ++a) sums[a][i] += x[i] * static_cast<double>(r.quality[a]);
    }
  }
  LinearRouter router;
  for (auto& s : sums) router.weights_.push_back(Solve(gram, s));
  return router;
}

double LinearRouter::Quality(std::size_t worker, const std::vector<float>& x) const {
  const auto& w = weights_[worker];
  double s = w[0];
  for (std::size_t i = 0; i < x.size(); ++i) s += w[i + 1] * static_cast<double>(x[i]);
  return std::clamp(s, 0.0, 1.0);
}

}  // namespace baton::learn::bench
