#include "evaluate/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace baton::evaluate {
namespace {

// Joins the points with the ends (0, 0) and (1, 1) of the gap.
std::vector<CallPoint> Recovered(std::vector<CallPoint> points, double weak, double strong) {
  for (auto& p : points) p.quality = (p.quality - weak) / (strong - weak);
  points.push_back({0, 0});
  points.push_back({1, 1});
  std::stable_sort(points.begin(), points.end(),
                   [](const CallPoint& a, const CallPoint& b) { return a.strong_share < b.strong_share; });
  return points;
}

}  // namespace

std::vector<std::size_t> Hull(std::span<const Point> points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (points[a].cost != points[b].cost) return points[a].cost < points[b].cost;
    if (points[a].quality != points[b].quality) return points[a].quality > points[b].quality;
    return a < b;
  });
  std::vector<std::size_t> hull;
  for (const std::size_t i : order) {
    const Point& p = points[i];
    if (!hull.empty() && p.quality <= points[hull.back()].quality) continue;
    while (hull.size() >= 2) {
      const Point &a = points[hull[hull.size() - 2]], &b = points[hull.back()];
      // b is under the line from a to p: dearer than a mix of them.
      if ((b.quality - a.quality) * (p.cost - a.cost) > (p.quality - a.quality) * (b.cost - a.cost)) break;
      hull.pop_back();
    }
    hull.push_back(i);
  }
  return hull;
}

std::optional<Mix> MixAt(std::span<const Point> points, std::span<const std::size_t> hull, double budget) {
  if (hull.empty() || points[hull.front()].cost > budget) return std::nullopt;
  std::size_t k = 0;
  while (k + 1 < hull.size() && points[hull[k + 1]].cost <= budget) ++k;
  if (k + 1 == hull.size()) return Mix{hull[k], hull[k], 0};
  const double a = points[hull[k]].cost, b = points[hull[k + 1]].cost;
  return Mix{hull[k], hull[k + 1], (budget - a) / (b - a)};
}

double QualityOf(std::span<const Point> points, const Mix& mix) {
  return points[mix.first].quality * (1 - mix.share) + points[mix.second].quality * mix.share;
}

double CostOf(std::span<const Point> points, const Mix& mix) {
  return points[mix.first].cost * (1 - mix.share) + points[mix.second].cost * mix.share;
}

double Aiq(std::span<const Point> points, std::span<const std::size_t> hull, double low, double high) {
  const auto part = [&](double from, double to) {
    return std::max(0.0, std::min(to, high) - std::max(from, low));
  };
  const Point &first = points[hull.front()], &last = points[hull.back()];
  const double inf = std::numeric_limits<double>::infinity();
  double area = part(-inf, first.cost) * first.quality + part(last.cost, inf) * last.quality;
  for (std::size_t k = 0; k + 1 < hull.size(); ++k) {
    const Point &a = points[hull[k]], &b = points[hull[k + 1]];
    const double width = part(a.cost, b.cost);
    if (width <= 0) continue;
    const double middle = (std::max(a.cost, low) + std::min(b.cost, high)) / 2;
    area += width * (a.quality + (b.quality - a.quality) * (middle - a.cost) / (b.cost - a.cost));
  }
  return area / (high - low);
}

std::optional<double> CostToReach(std::span<const Point> points, std::span<const std::size_t> hull,
                                  double quality) {
  for (std::size_t k = 0; k < hull.size(); ++k) {
    const Point& b = points[hull[k]];
    if (b.quality < quality) continue;
    if (k == 0) return b.cost;
    const Point& a = points[hull[k - 1]];
    return a.cost + (b.cost - a.cost) * (quality - a.quality) / (b.quality - a.quality);
  }
  return std::nullopt;
}

double Apgr(std::vector<CallPoint> points, double weak, double strong) {
  const auto line = Recovered(std::move(points), weak, strong);
  double area = 0;
  for (std::size_t k = 0; k + 1 < line.size(); ++k)
    area += (line[k + 1].strong_share - line[k].strong_share) * (line[k].quality + line[k + 1].quality) / 2;
  return area;
}

double Cpt(std::vector<CallPoint> points, double weak, double strong, double share) {
  const auto line = Recovered(std::move(points), weak, strong);
  for (std::size_t k = 0; k < line.size(); ++k) {
    if (line[k].quality < share) continue;
    if (k == 0 || line[k].quality == line[k - 1].quality) return line[k].strong_share;
    const auto &a = line[k - 1], &b = line[k];
    return a.strong_share + (b.strong_share - a.strong_share) * (share - a.quality) / (b.quality - a.quality);
  }
  return 1;
}

double Quantile(std::vector<double>& values, double q) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const double part = at - static_cast<double>(low);
  // Equal neighbours may both be infinite.
  if (part == 0 || low + 1 == values.size() || values[low] == values[low + 1]) return values[low];
  return values[low] + (values[low + 1] - values[low]) * part;
}

}  // namespace baton::evaluate
