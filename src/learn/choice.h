// From estimates to a choice: a distribution over workers whose probabilities are known exactly, and the one
// it picks. Pure: the same options, settings and key give the same choice on every machine that rounds alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace baton::learn {

// One worker that may take the request.
struct Option {
  double quality = 0.5;  // expected score, 0 to 1
  double spread = 0;     // standard deviation of that expectation; 0: taken as known
  double cost_usd = 0;   // expected cost of the whole request
};

struct ChoiceSettings {
  double value_usd = 0.01;  // what one point of quality (0 to 1) is worth
  double floor = 0.01;      // share of choices that fall evenly on every reachable worker; below 1
  double width = 0.5;       // factor on spread: 0 exploits only
  double most = 1;          // probability of all others than the greedy one together, at most
};

struct Choice {
  std::size_t picked = 0, greedy = 0;  // greedy: the best by expectation
  std::vector<double> probability;     // per option; sums to 1 but for rounding
  // What the choice costs beyond the greedy one, as expected; never negative.
  double extra_usd = 0;
};

// The distribution alone. REQUIRES: options not empty. `explore_usd` is the most one exploring choice may
// cost beyond the greedy one (negative: no exploring at all, probability 1 for the greedy option).
Choice Distribution(std::span<const Option> options, const ChoiceSettings& settings, double explore_usd);
// The same with `picked` drawn from it: `key` names the decision (exchange id mixed with the policy's seed).
Choice Choose(std::span<const Option> options, const ChoiceSettings& settings, double explore_usd,
              std::uint64_t key);

// Uniform in [0, 1), the same for the same key. Neighbouring keys give unrelated values (splitmix64).
double UnitOf(std::uint64_t key);
// One key from two.
std::uint64_t MixKeys(std::uint64_t a, std::uint64_t b);

}  // namespace baton::learn
