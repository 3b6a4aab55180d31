// Figures of cost and quality, as pure functions of points. Definitions: RouterBench (arXiv 2403.12031) for
// hull and AIQ, RouteLLM (arXiv 2406.18665) for PGR, APGR and CPT.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace baton::evaluate {

// A way to run a policy: mean cost per request in USD, mean quality from 0 to 1.
struct Point {
  double cost = 0, quality = 0;
};

// A random mix of two points: `second` with probability `share`, else `first`. Indices into the points it was
// made of.
struct Mix {
  std::size_t first = 0, second = 0;
  double share = 0;
};

// What can be had by mixing points at random: the non-decreasing convex hull, as indices into `points` in
// ascending cost. Of equal costs the best counts. Empty for no points.
std::vector<std::size_t> Hull(std::span<const Point> points);

// The best mix that costs `budget` (less where more money buys nothing more); nothing when even the cheapest
// point costs more.
std::optional<Mix> MixAt(std::span<const Point> points, std::span<const std::size_t> hull, double budget);
double QualityOf(std::span<const Point> points, const Mix& mix);
double CostOf(std::span<const Point> points, const Mix& mix);

// Mean quality over budgets from `low` to `high` on the hull, flat beyond its dear end; below its cheap end
// what the cheapest point gives. REQUIRES: a point; low < high.
double Aiq(std::span<const Point> points, std::span<const std::size_t> hull, double low, double high);

// The least a mix costs that reaches `quality`; nothing when none does.
std::optional<double> CostToReach(std::span<const Point> points, std::span<const std::size_t> hull,
                                  double quality);

// Two workers: share of calls that go to the strong one, and quality.
struct CallPoint {
  double strong_share = 0, quality = 0;
};
// Area under the share of the gap recovered, over the share of strong calls, between (0, 0) and (1, 1);
// points are joined in order of share. 0.5 is a coin.
double Apgr(std::vector<CallPoint> points, double weak, double strong);
// The smallest share of strong calls at which the joined line recovers `share` of the gap, 0 to 1.
double Cpt(std::vector<CallPoint> points, double weak, double strong, double share);

// The q-quantile by linear interpolation; NaN of nothing. Reorders `values`.
double Quantile(std::vector<double>& values, double q);

}  // namespace baton::evaluate
