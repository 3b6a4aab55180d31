// Anytime-valid bounds.
//
// Problem: an operator looks at a canary whenever he likes and stops when it looks good. A 95 % interval made
// for one look is wrong far more often than 5 % then (more than 20 % of the time in our simulation of no
// difference, docs/results/off_policy.md). Options: a fixed horizon (nobody waits), alpha spending (looks
// must be planned), the asymptotic "time-uniform CLT" (approximate where it matters, at small n), or a test
// martingale. We take the last: an empirical-Bernstein supermartingale, mixed over a grid of betting rates.
//
// Claim. Let X_i in [0, 1], mu_i = E[X_i | past], m_i any guess known before X_i (here the mean so far), and
// psi(l) = -log(1 - l) - l for l in (0, 1). Then
//     E_t(l) = exp( sum_i [ l (X_i - mu_i) - psi(l) (X_i - m_i)^2 ] )
// is a supermartingale with E_0 = 1.
// Proof. Fan, Grama and Liu (2015): exp(l x - psi(l) x^2) <= 1 + l x for x >= -1, 0 <= l < 1. Put x = X_i -
// m_i, which is at least -1, and take the expectation given the past:
//     E[exp(l (X_i - m_i) - psi(l) (X_i - m_i)^2) | past] <= 1 + l (mu_i - m_i) <= exp(l (mu_i - m_i)).
// Multiply both sides by exp(-l (mu_i - m_i)), known before X_i: each factor of E_t(l) has expectation at
// most 1. An average of supermartingales over a grid of l with weights that sum to 1 is one too. By Ville's
// inequality P(exists t: average >= 1/alpha) <= alpha. On the complement, at every t at once, writing S = sum
// X_i, V = sum (X_i - m_i)^2 and M = sum mu_i:
//     sum_k weight_k exp(l_k (S - M) - psi(l_k) V) < 1/alpha,
// whose left side falls in M; the smallest M / t that satisfies it is the lower bound. The upper one is the
// same for 1 - X. Nothing was assumed of the mu_i: the bound is on their running average, so drift is
// allowed.    []
//
// The grid spans horizons from tens to a million observations; weights are larger where canaries end. A grid
// costs about a quarter more width than the rate that is best in hindsight, which nobody knows.
//
// Two arms by a coin. With b = P(arm B | past) fixed, r the reward and g any guess of it known before,
//     D = (r - g) (1[B] / b - 1[A] / (1 - b))
// has E[D | past] = mean reward of B minus that of A, whatever g is, because the coin is independent of the
// request; |D| <= 1 / min(b, 1 - b) = R. So (D + R) / 2R is in [0, 1] and the claim applies. A good g takes
// most of the variance away: it is the mean reward so far, of both arms.
#include "learn/sequential.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace baton::learn {
namespace {

struct Rate {
  double l, psi, log_weight;
};

const std::array<Rate, 10>& Rates() {
  static const std::array<Rate, 10> kRates = [] {
    std::array<Rate, 10> rates{};
    // Relative weights of the rates 0.5, 0.25, ... 0.5 / 512.
    constexpr std::array<double, 10> kWeights = {1, 2, 3, 4, 4, 3, 2, 1, 1, 1};
    double sum = 0;
    for (double w : kWeights) sum += w;
    double l = 0.5;
    for (std::size_t k = 0; k < rates.size(); ++k, l /= 2)
      rates[k] = {l, -std::log1p(-l) - l, std::log(kWeights[k] / sum)};
    return rates;
  }();
  return kRates;
}

// log of the mixture at S - M = excess.
double LogMixture(double excess, double deviation) {
  double largest = -1e300;
  std::array<double, 10> terms{};
  for (std::size_t k = 0; k < terms.size(); ++k) {
    const Rate& r = Rates()[k];
    terms[k] = r.log_weight + r.l * excess - r.psi * deviation;
    largest = std::max(largest, terms[k]);
  }
  double sum = 0;
  for (double t : terms) sum += std::exp(t - largest);
  return largest + std::log(sum);
}

// The largest excess of the sum over the sum of means that the mixture allows; it rises with the excess.
double LargestExcess(double deviation, double alpha) {
  const double bound = std::log(1 / alpha);
  double low = 0, high = 1;
  while (LogMixture(high, deviation) < bound) high *= 2;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (LogMixture(middle, deviation) < bound ? low : high) = middle;
  }
  return high;
}

}  // namespace

void MeanSequence::Add(double value) {
  const double off = value - mean();
  state_.deviation += off * off;
  state_.sum += value;
  ++state_.n;
}

double MeanSequence::Lower(double alpha) const {
  if (state_.n == 0) return 0;
  const double n = static_cast<double>(state_.n);
  return std::max(0.0, (state_.sum - LargestExcess(state_.deviation, alpha)) / n);
}

// The guesses mirror with the values, so the deviation is the same.
double MeanSequence::Upper(double alpha) const {
  if (state_.n == 0) return 1;
  const double n = static_cast<double>(state_.n);
  return std::min(1.0, (state_.sum + LargestExcess(state_.deviation, alpha)) / n);
}

double ArmComparison::Range() const {
  return 1 / std::min(state_.share, 1 - state_.share);
}

void ArmComparison::Add(bool in_b, double reward) {
  const auto seen = static_cast<double>(state_.n_a + state_.n_b);
  const double guess = seen == 0 ? 0.5 : (state_.sum_a + state_.sum_b) / seen;
  const double d = (reward - guess) * (in_b ? 1 / state_.share : -1 / (1 - state_.share));
  sequence_.Add(std::clamp((d / Range() + 1) / 2, 0.0, 1.0));
  state_.sequence = sequence_.state();
  (in_b ? state_.n_b : state_.n_a) += 1;
  (in_b ? state_.sum_b : state_.sum_a) += reward;
}

ArmComparison::Bounds ArmComparison::At(double alpha) const {
  const double r = Range();
  const auto back = [r](double x) { return (2 * x - 1) * r; };
  Bounds b;
  b.difference = state_.sequence.n == 0 ? 0 : back(sequence_.mean());
  b.low = std::max(-1.0, back(sequence_.Lower(alpha / 2)));
  b.high = std::min(1.0, back(sequence_.Upper(alpha / 2)));
  return b;
}

}  // namespace baton::learn
