// Off-policy estimates. Three estimators of the same value, because they fail differently:
//
//   IPS    mean of w r            unbiased; wide, since the weights' noise is in it even for a constant
//   reward SNIPS  sum w r / sum w        a ratio: slightly biased, much narrower, stays within the rewards'
//   range DR     mean of m(x) + w (r - m(x, a))   unbiased whatever the model m says, narrow when it is any
//   good
//
// where w = target / propensity. Options for the intervals: empirical Bernstein (always valid, three times
// too wide at a thousand rows, because it pays for the largest possible weight), bootstrap (a thousand passes
// over the log for the coverage of a formula), and the normal interval around the estimator's linearisation.
// The last is what is used, with two repairs that the simulation in bench/learn_bench
// (docs/results/off_policy.md) asked for: residuals of the ratio are divided by one minus their leverage (a
// row that carries much weight pulls the ratio towards itself and hides its own error: the jackknife's HC3),
// and the quantile is Student's t at the *effective* number of rows, not at the number written down. Both
// matter only where few rows carry the weight, which is where plain intervals are too short.
//
// No estimate is better than a wrong one: without propensities, with a weight concentrated on a few rows, or
// where the other policy does what the log never tried, there is none, and the refusal says which.
#include "learn/off_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace baton::learn {
namespace {

bool InUnit(double v) {
  return v >= 0 && v <= 1;
}

Status CheckRows(std::span<const LoggedDecision> log) {
  std::size_t missing = 0;
  for (const LoggedDecision& d : log) {
    missing += !(d.propensity > 0 && d.propensity <= 1);
    if (!InUnit(d.target) || !InUnit(d.reward) || !std::isfinite(d.model_logged) ||
        !std::isfinite(d.model_target)) {
      return Fail(Code::kInvalidRequest, "a row of the log has a reward or a probability outside 0 to 1",
                  "bad_row");
    }
  }
  if (missing == 0) return {};
  return Fail(Code::kInvalidRequest,
              fmt::format("{} of {} rows have no propensity: what chose those workers did not say how likely "
                          "it was to, so nothing can be weighted; let a policy with exploration run first",
                          missing, log.size()),
              "propensity_missing");
}

struct Weights {
  std::vector<double> w;
  double sum = 0, squares = 0, largest = 0;
};

Weights WeightsOf(std::span<const LoggedDecision> log) {
  Weights out;
  out.w.reserve(log.size());
  for (const LoggedDecision& d : log) {
    const double w = d.target / d.propensity;
    out.w.push_back(w);
    out.sum += w;
    out.squares += w * w;
    out.largest = std::max(out.largest, w);
  }
  return out;
}

// Mean of terms, with an interval from their variance and skewness: importance weights have a long right
// tail, so a sample that has not met its large weights yet is too low and knows too little of its own spread.
// Hall (1992): the studentised mean T has g(T) = T + (skew T^2 / 3 + skew / 6) / sqrt n + skew^2 T^3 / 27 n
// nearly normal; the ends of the interval are g's inverse at the quantiles.
Interval MeanOf(std::span<const double> terms, double quantile) {
  const double n = static_cast<double>(terms.size());
  double mean = 0, squares = 0, cubes = 0;
  for (double t : terms) mean += t / n;
  for (double t : terms) {
    const double d = t - mean;
    squares += d * d;
    cubes += d * d * d;
  }
  const double sd = std::sqrt(squares / (n - 1)), root = std::sqrt(n);
  const double skew = sd > 0 ? cubes / n / (sd * sd * sd) : 0;
  const auto inverse = [&](double x) {
    if (std::abs(skew) < 1e-6) return x;
    return 3 * root / skew * (std::cbrt(1 + skew * (x - skew / (6 * root)) / root) - 1);
  };
  const double step = sd / root;
  return {mean, mean - step * inverse(quantile), mean - step * inverse(-quantile)};
}

Interval Ratio(std::span<const LoggedDecision> log, const Weights& weights, double quantile) {
  double value = 0;
  for (std::size_t i = 0; i < log.size(); ++i) value += weights.w[i] * log[i].reward / weights.sum;
  double variance = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const double leverage = weights.w[i] / weights.sum;
    const double residual = leverage * (log[i].reward - value) / std::max(1 - leverage, 1e-3);
    variance += residual * residual;
  }
  const double half = quantile * std::sqrt(variance);
  return {value, std::max(0.0, value - half), std::min(1.0, value + half)};
}

Status CheckWeights(const OffPolicy& e, const Weights& weights, const OffPolicyOptions& options) {
  if (e.rows < 2 || e.effective < options.least_effective) {
    return Fail(
        Code::kInvalidRequest,
        fmt::format("effective sample of {:.0f} in {} rows, {:.0f} are needed: the policies differ too "
                    "much or the log is too short",
                    e.effective, e.rows, options.least_effective),
        "effective_sample_too_small");
  }
  const double n = static_cast<double>(e.rows);
  const double variance = std::max(0.0, weights.squares / n - e.mean_weight * e.mean_weight);
  // Where the log covers everything the weights average to 1. Four standard errors: once in 30,000 by chance.
  if (1 - e.mean_weight > 4 * std::sqrt(variance / n) + 0.01) {
    return Fail(Code::kInvalidRequest,
                fmt::format("{:.0f} % of what the other policy does was never tried in this log; more "
                            "exploration or a shadow run can tell, the log cannot",
                            100 * (1 - e.mean_weight)),
                "support_missing");
  }
  return {};
}

// Acklam's rational approximation of the normal quantile; relative error below 1.2e-9.
double NormalQuantile(double p) {
  static constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                                 1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                                 6.680131188771972e+01, -1.328068155288572e+01};
  static constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                                 -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                 3.754408661907416e+00};
  if (p > 1 - 0.02425) {
    const double q = std::sqrt(-2 * std::log(1 - p));
    return -(((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
           ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  }
  const double q = p - 0.5, r = q * q;
  return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
         (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

}  // namespace

// Cornish-Fisher expansion around the normal quantile (Abramowitz and Stegun 26.7.5): within 0.1 % from ten
// degrees on.
double StudentQuantile(double level, double degrees) {
  const double z = NormalQuantile(0.5 + level / 2), n = std::max(degrees, 3.0);
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

Result<OffPolicy> EstimateOffPolicy(std::span<const LoggedDecision> log, const OffPolicyOptions& options) {
  TRY_VOID(CheckRows(log));
  const Weights weights = WeightsOf(log);
  OffPolicy e;
  e.rows = log.size();
  if (weights.sum > 0) {
    e.effective = weights.sum * weights.sum / weights.squares;
    e.mean_weight = weights.sum / static_cast<double>(e.rows);
    e.largest_share = weights.largest / weights.sum;
  }
  TRY_VOID(CheckWeights(e, weights, options));
  const double quantile = StudentQuantile(options.level, e.effective - 1);
  std::vector<double> ips, dr;
  ips.reserve(log.size());
  dr.reserve(log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    ips.push_back(weights.w[i] * log[i].reward);
    dr.push_back(log[i].model_target + weights.w[i] * (log[i].reward - log[i].model_logged));
  }
  e.ips = MeanOf(ips, quantile);
  e.snips = Ratio(log, weights, quantile);
  e.dr = MeanOf(dr, quantile);
  return e;
}

}  // namespace baton::learn
