// How a worker is drawn, and why the logged propensity is exact.
//
// Problem: what is learned from logs (off-policy estimates, the canary's test) divides by the probability
// with which the logged worker was chosen. Thompson sampling explores well, but its usual form draws
// parameters and takes the best: the probability of what it took is an integral nobody evaluated, and
// estimating it by a few hundred further draws puts noise into every weight and a thousand solves into every
// decision. Epsilon-greedy and softmax have closed forms but ignore what is already certain.
//
// Choice: turn it round. Each worker's utility (quality times its value, less dollars) has an independent
// normal posterior, because each worker has a model of its own. The chance that worker a is best is then one
// integral over one variable,  P(a) = integral of dF_a(x) * product over b != a of F_b(x),  summed here over
// 64 cells. The result is normalised and the worker is drawn from *those numbers*. Whatever the quadrature
// gets wrong bends the policy by a hair; the propensity is the number that was drawn from, to the last bit.
// A floor mixes in an even share, so that no weight exceeds workers / floor.
//
// Three limits, all applied before the draw so that they are part of the distribution: an option that costs
// more above the greedy one than `explore_usd` has its probability given to the greedy one; all options but
// the greedy one together have at most `most`; a negative `explore_usd` (opted out, budget spent) leaves the
// greedy one alone.
//
// Cost: 65 error functions per worker, about 1 microsecond each (docs/results/learning.md has the figure).
#include "learn/choice.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace baton::learn {
namespace {

constexpr int kCells = 64;
constexpr double kReach = 5;  // standard deviations beyond which nothing is expected

struct Normal {
  double mean = 0, sd = 0;
  double Below(double x) const { return 0.5 * std::erfc((mean - x) / (sd * std::numbers::sqrt2)); }
};

std::vector<Normal> Utilities(std::span<const Option> options, const ChoiceSettings& s) {
  std::vector<Normal> out;
  out.reserve(options.size());
  for (const Option& o : options) {
    // A spread of zero would make ties and empty cells; a millionth of a point changes no decision.
    const double spread = std::max(o.spread * s.width, 1e-6);
    out.push_back({o.quality * s.value_usd - o.cost_usd, spread * std::max(s.value_usd, 1e-12)});
  }
  return out;
}

// Chance of being the best, per worker, for independent normals.
void BestOf(std::span<const Normal> of, std::vector<double>& probability) {
  double low = of[0].mean - kReach * of[0].sd, high = of[0].mean + kReach * of[0].sd;
  for (const Normal& n : of) {
    low = std::max(low, n.mean - kReach * n.sd);
    high = std::max(high, n.mean + kReach * n.sd);
  }
  const std::size_t k = of.size();
  std::vector<double> before(k), after(k), middle(k), behind(k + 1, 1);
  // Below `low` somebody else is certain to be better, so what lies there counts with the first cell.
  for (std::size_t a = 0; a < k; ++a) before[a] = 0;
  for (int cell = 0; cell < kCells; ++cell) {
    const double right = low + (high - low) * (cell + 1) / kCells;
    for (std::size_t a = 0; a < k; ++a) {
      after[a] = cell + 1 == kCells ? 1 : of[a].Below(right);
      middle[a] = (before[a] + after[a]) / 2;
    }
    for (std::size_t a = k; a-- > 0;) behind[a] = behind[a + 1] * middle[a];
    double ahead = 1;
    for (std::size_t a = 0; a < k; ++a) {
      probability[a] += (after[a] - before[a]) * ahead * behind[a + 1];
      ahead *= middle[a];
    }
    before.swap(after);
  }
}

void Normalise(std::vector<double>& p) {
  double sum = 0;
  for (double v : p) sum += v;
  for (double& v : p) v /= sum;
}

std::uint64_t Splitmix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

double UnitOf(std::uint64_t key) {
  return static_cast<double>(Splitmix(key) >> 11) * 0x1.0p-53;
}

std::uint64_t MixKeys(std::uint64_t a, std::uint64_t b) {
  return Splitmix(a ^ Splitmix(b));
}

Choice Distribution(std::span<const Option> options, const ChoiceSettings& settings, double explore_usd) {
  const std::vector<Normal> utility = Utilities(options, settings);
  Choice c;
  c.probability.assign(options.size(), 0);
  for (std::size_t a = 1; a < utility.size(); ++a) {
    if (utility[a].mean > utility[c.greedy].mean) c.greedy = a;
  }
  c.picked = c.greedy;
  if (explore_usd < 0 || options.size() == 1) {
    c.probability[c.greedy] = 1;
    return c;
  }
  BestOf(utility, c.probability);
  Normalise(c.probability);
  const double even = settings.floor / static_cast<double>(options.size());
  for (double& p : c.probability) p = p * (1 - settings.floor) + even;
  for (std::size_t a = 0; a < options.size(); ++a) {
    if (options[a].cost_usd - options[c.greedy].cost_usd <= explore_usd) continue;
    c.probability[c.greedy] += c.probability[a];
    c.probability[a] = 0;
  }
  const double others = 1 - c.probability[c.greedy];
  if (others > settings.most) {
    for (double& p : c.probability) p *= settings.most / others;
    c.probability[c.greedy] = 1 - settings.most;
  }
  return c;
}

Choice Choose(std::span<const Option> options, const ChoiceSettings& settings, double explore_usd,
              std::uint64_t key) {
  Choice c = Distribution(options, settings, explore_usd);
  double left = UnitOf(key);
  for (std::size_t a = 0; a < options.size(); ++a) {
    left -= c.probability[a];
    if (left < 0) {
      c.picked = a;
      break;
    }
  }
  c.extra_usd = std::max(0.0, options[c.picked].cost_usd - options[c.greedy].cost_usd);
  return c;
}

}  // namespace baton::learn
