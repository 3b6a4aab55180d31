#include "evaluate/analysis.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "evaluate/metrics.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kFolds = 5;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

// Weighted sums of a tally by fold. The last entry of each is the sum of all folds.
struct Sums {
  std::size_t values = 0;
  std::array<double, kFolds + 1> rows{}, hard_rows{};
  std::vector<double> quality, cost, calls, tokens, hard_right, best_calls;  // (folds + 1) x values

  double Mean(const std::vector<double>& of, std::size_t fold, std::size_t v) const {
    return of[fold * values + v] / rows[fold];
  }
  // Over all folds but one.
  double Rest(const std::vector<double>& of, std::size_t fold, std::size_t v) const {
    return (of[kFolds * values + v] - of[fold * values + v]) / (rows[kFolds] - rows[fold]);
  }
};

void AddBlocks(const std::vector<float>& from, const Weights& weights, std::size_t values,
               std::vector<double>& to) {
  to.assign((kFolds + 1) * values, 0);
  for (std::size_t b = 0; b < weights.size(); ++b) {
    if (weights[b] == 0) continue;
    double* out = to.data() + (b % kFolds) * values;
    const float* in = from.data() + b * values;
    for (std::size_t v = 0; v < values; ++v) out[v] += static_cast<double>(weights[b] * in[v]);
  }
  for (std::size_t f = 0; f < kFolds; ++f)
    for (std::size_t v = 0; v < values; ++v) to[kFolds * values + v] += to[f * values + v];
}

Sums Add(const Tally& t, const Weights& weights) {
  Sums s;
  s.values = t.values;
  for (std::size_t b = 0; b < weights.size(); ++b) {
    for (const std::size_t f : {b % kFolds, kFolds}) {
      s.rows[f] += static_cast<double>(weights[b] * t.rows[b]);
      s.hard_rows[f] += static_cast<double>(weights[b] * t.hard_rows[b]);
    }
  }
  AddBlocks(t.quality, weights, t.values, s.quality);
  AddBlocks(t.cost, weights, t.values, s.cost);
  AddBlocks(t.calls, weights, t.values, s.calls);
  AddBlocks(t.tokens, weights, t.values, s.tokens);
  AddBlocks(t.hard_right, weights, t.values, s.hard_right);
  AddBlocks(t.best_calls, weights, t.values, s.best_calls);
  return s;
}

// The curve with the cheapest worker's point at its end.
template <class MeanOf>
std::vector<Point> Points(const Sums& policy, const Sums& cheapest, MeanOf mean) {
  std::vector<Point> points;
  for (std::size_t v = 0; v < policy.values; ++v)
    points.push_back({mean(policy, policy.cost, v), mean(policy, policy.quality, v)});
  points.push_back({mean(cheapest, cheapest.cost, 0), mean(cheapest, cheapest.quality, 0)});
  return points;
}

// What a mix gives of some sum on one fold.
double Take(const Sums& policy, const Sums& cheapest, std::vector<double> Sums::*of, std::size_t fold,
            const Mix& mix) {
  const auto at = [&](std::size_t i) {
    return i < policy.values ? (policy.*of)[fold * policy.values + i] : (cheapest.*of)[fold];
  };
  return at(mix.first) * (1 - mix.share) + at(mix.second) * mix.share;
}

struct Anchored {
  Sums best, cheapest, dearest, oracle;
};

// Fills everything that is chosen on four folds and read on the fifth.
void ReadAtBudgets(const Sums& policy, const Anchored& a, Figures& out) {
  std::array<double, kBudgetShares.size()> quality{};
  double cost = 0, calls = 0, tokens = 0, hard = 0;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    if (policy.rows[fold] == 0 || policy.rows[fold] == policy.rows[kFolds]) continue;
    const auto points = Points(policy, a.cheapest, [&](const Sums& s, const auto& of, std::size_t v) {
      return s.Rest(of, fold, v);
    });
    const auto hull = Hull(points);
    const double best_cost = a.best.Rest(a.best.cost, fold, 0);
    for (std::size_t k = 0; k < kBudgetShares.size(); ++k) {
      const auto mix = MixAt(points, hull, best_cost * kBudgetShares[k]);
      if (!mix) {
        quality[k] = kNan;
        continue;
      }
      quality[k] += Take(policy, a.cheapest, &Sums::quality, fold, *mix);
      if (k + 1 < kBudgetShares.size()) continue;
      cost += Take(policy, a.cheapest, &Sums::cost, fold, *mix);
      calls += Take(policy, a.cheapest, &Sums::calls, fold, *mix);
      tokens += Take(policy, a.cheapest, &Sums::tokens, fold, *mix);
      hard += Take(policy, a.cheapest, &Sums::hard_right, fold, *mix);
    }
  }
  const double n = policy.rows[kFolds];
  for (std::size_t k = 0; k < quality.size(); ++k) out.at_budget[k] = quality[k] / n;
  out.quality = out.at_budget.back();
  out.cost = cost / n;
  out.calls = calls / n;
  out.tokens = tokens / n;
  out.hard = policy.hard_rows[kFolds] > 0 ? hard / policy.hard_rows[kFolds] : kNan;
}

void ReadHull(const Sums& policy, const Anchored& a, Figures& out) {
  const auto points = Points(
      policy, a.cheapest, [](const Sums& s, const auto& of, std::size_t v) { return s.Mean(of, kFolds, v); });
  const auto hull = Hull(points);
  const auto alone = [](const Sums& s) { return s.Mean(s.cost, kFolds, 0); };
  out.best_quality = a.best.Mean(a.best.quality, kFolds, 0);
  out.best_cost = alone(a.best);
  out.oracle_quality = a.oracle.Mean(a.oracle.quality, kFolds, 0);
  out.oracle_cost = alone(a.oracle);
  const double low = alone(a.cheapest);
  out.aiq = alone(a.dearest) > low ? Aiq(points, hull, low, alone(a.dearest)) : kNan;
  out.aiq_to_best = out.best_cost > low ? Aiq(points, hull, low, out.best_cost) : kNan;
  out.match = CostToReach(points, hull, out.best_quality).value_or(kNan);
  out.match_share = out.match / out.best_cost;
}

void ReadCalls(const Sums& policy, const Anchored& a, Figures& out) {
  const double weak = a.cheapest.Mean(a.cheapest.quality, kFolds, 0), strong = out.best_quality;
  if (strong <= weak) {
    out.apgr = out.cpt50 = out.cpt80 = kNan;
    return;
  }
  std::vector<CallPoint> points;
  for (std::size_t v = 0; v < policy.values; ++v)
    points.push_back({policy.Mean(policy.best_calls, kFolds, v), policy.Mean(policy.quality, kFolds, v)});
  out.apgr = Apgr(points, weak, strong);
  out.cpt50 = Cpt(points, weak, strong, 0.5);
  out.cpt80 = Cpt(points, weak, strong, 0.8);
}

Figures OfSeed(const Tally& policy, const Anchors& anchors, const Weights& weights, bool two_workers) {
  const Sums sums = Add(policy, weights);
  const Anchored a{Add(anchors.best, weights), Add(anchors.cheapest, weights), Add(anchors.dearest, weights),
                   Add(anchors.oracle, weights)};
  Figures f;
  if (sums.rows[kFolds] == 0) {
    f.quality = kNan;
    return f;
  }
  ReadAtBudgets(sums, a, f);
  ReadHull(sums, a, f);
  if (two_workers)
    ReadCalls(sums, a, f);
  else
    f.apgr = f.cpt50 = f.cpt80 = kNan;
  return f;
}

constexpr double Figures::*kAll[] = {
    &Figures::quality,     &Figures::cost,         &Figures::calls,       &Figures::tokens,
    &Figures::hard,        &Figures::aiq,          &Figures::aiq_to_best, &Figures::match,
    &Figures::match_share, &Figures::best_quality, &Figures::best_cost,   &Figures::oracle_quality,
    &Figures::oracle_cost, &Figures::apgr,         &Figures::cpt50,       &Figures::cpt80};

}  // namespace

Figures Compute(const std::vector<Tally>& policy, const std::vector<Anchors>& anchors, const Weights& weights,
                bool two_workers) {
  Figures mean;
  std::array<double, std::size(kAll) + kBudgetShares.size()> n{};
  for (std::size_t s = 0; s < policy.size(); ++s) {
    const Figures f = OfSeed(policy[s], anchors[s], weights, two_workers);
    if (std::isnan(f.quality) && f.best_cost == 0) continue;
    std::size_t k = 0;
    // A figure that some seeds do not have is the mean of those that do: a share that is never reached on one
    // seed must not vanish from the others'. One that most lack is none.
    const auto add = [&](double& to, double x) {
      if (!std::isnan(x)) to += x, n[k] += 1;
      ++k;
    };
    for (const auto member : kAll) add(mean.*member, f.*member);
    for (std::size_t b = 0; b < kBudgetShares.size(); ++b) add(mean.at_budget[b], f.at_budget[b]);
  }
  std::size_t k = 0;
  const auto divide = [&](double& x) {
    x = n[k] * 2 > static_cast<double>(policy.size()) ? x / n[k] : kNan;
    ++k;
  };
  for (const auto member : kAll) divide(mean.*member);
  for (double& x : mean.at_budget) divide(x);
  return mean;
}

Weights AllBlocks(const Blocks& blocks, int slice) {
  Weights w(blocks.size(), 0);
  for (std::size_t b = 0; b < w.size(); ++b)
    if (slice < 0 || blocks.slice_of[b] == static_cast<std::uint32_t>(slice)) w[b] = 1;
  return w;
}

std::vector<Figures> Bootstrap(const std::vector<Tally>& policy, const std::vector<Anchors>& anchors,
                               const Blocks& blocks, int slice, int draws, std::uint64_t seed,
                               bool two_workers) {
  std::vector<std::size_t> inside;
  const Weights all = AllBlocks(blocks, slice);
  for (std::size_t b = 0; b < all.size(); ++b)
    if (all[b] > 0) inside.push_back(b);
  std::vector<Figures> figures;
  Random random(seed);
  for (int d = 0; d < draws; ++d) {
    Weights weights(blocks.size(), 0);
    for (std::size_t k = 0; k < inside.size(); ++k) weights[inside[random.Below(inside.size())]] += 1;
    figures.push_back(Compute(policy, anchors, weights, two_workers));
  }
  return figures;
}

Interval IntervalOf(std::vector<double> values) {
  double n = 0, sum = 0, squares = 0;
  for (double& x : values) {
    if (std::isnan(x)) {
      x = kInfinite;
      continue;
    }
    n += 1, sum += x, squares += x * x;
  }
  Interval interval;
  interval.se = n > 1 ? std::sqrt(std::max(0.0, (squares - sum * sum / n) / (n - 1))) : kNan;
  interval.low = Quantile(values, 0.025);
  interval.high = Quantile(values, 0.975);
  return interval;
}

std::vector<CurvePoint> CurveOf(const std::vector<Tally>& policy, const Weights& weights) {
  std::vector<CurvePoint> curve(policy.empty() ? 0 : policy[0].values);
  for (const Tally& t : policy) {
    const Sums s = Add(t, weights);
    if (s.rows[kFolds] == 0) continue;
    const double share = 1.0 / static_cast<double>(policy.size());
    for (std::size_t v = 0; v < curve.size(); ++v) {
      curve[v].cost += s.Mean(s.cost, kFolds, v) * share;
      curve[v].quality += s.Mean(s.quality, kFolds, v) * share;
      curve[v].calls += s.Mean(s.calls, kFolds, v) * share;
    }
  }
  return curve;
}

}  // namespace baton::evaluate
