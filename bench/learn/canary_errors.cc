// The canary's test under somebody who looks after every reward and stops when he likes what he sees.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "learn/choice.h"
#include "learn/experiments.h"
#include "learn/sequential.h"
#include "learn/world.h"

namespace baton::learn::bench {
namespace {

struct Ever {
  int ours = 0, naive = 0;
  std::vector<double> found_at;  // rewards until the lower bound passed zero
};

// The interval made for one look: difference of two means, 1.96 standard errors.
bool NaiveSaysBetter(const double n[2], const double sum[2]) {
  if (n[0] < 30 || n[1] < 30) return false;
  const double a = sum[0] / n[0], b = sum[1] / n[1];
  return b - a > 1.96 * std::sqrt(a * (1 - a) / n[0] + b * (1 - b) / n[1]);
}

Ever Peek(double a, double b, double share, int runs, int rewards, std::uint64_t seed) {
  Ever ever;
  for (int run = 0; run < runs; ++run) {
    Random random(MixKeys(seed, static_cast<std::uint64_t>(run)));
    ArmComparison test(share);
    double n[2] = {}, sum[2] = {};
    bool ours = false, naive = false;
    for (int i = 1; i <= rewards && !(ours && naive); ++i) {
      const bool in_b = random.Unit() < share;
      const double reward = random.Unit() < (in_b ? b : a) ? 1 : 0;
      n[in_b] += 1, sum[in_b] += reward;
      test.Add(in_b, reward);
      naive = naive || NaiveSaysBetter(n, sum);
      // The bound moves by less than its own width in 5 rewards; before 100 it cannot pass.
      if (!ours && i >= 100 && i % 5 == 0 && test.At(0.05).low > 0) {
        ours = true;
        ever.found_at.push_back(i);
      }
    }
    ever.ours += ours, ever.naive += naive;
  }
  return ever;
}

}  // namespace

int CanaryErrors(const Settings& settings) {
  const int runs = settings.runs > 0 ? settings.runs : 1000;
  fmt::print(
      "| arms (quality in place, candidate) | share of the candidate | rewards | said \"better\" at some "
      "time: "
      "confidence sequence | fixed 95 % interval |\n|---|---|---|---|---|\n");
  bool fine = true;
  for (double share : {0.5, 0.1, 0.05}) {
    const Ever e = Peek(0.7, 0.7, share, runs, 5000, 5);
    fmt::print("| 0.70, 0.70 (no difference) | {:.2f} | 5,000 | {:.1f} % | {:.1f} % |\n", share,
               100.0 * e.ours / runs, 100.0 * e.naive / runs);
    fine &= e.ours <= 0.05 * runs;
  }
  fmt::print(
      "\n| arms | share | found within 20,000 rewards | rewards until found, median |\n|---|---|---|---|\n");
  const int few = std::max(runs / 10, 20);
  for (double better : {0.75, 0.80}) {
    for (double share : {0.5, 0.2, 0.1}) {
      Ever e = Peek(0.7, better, share, few, 20'000, 6);
      std::sort(e.found_at.begin(), e.found_at.end());
      fmt::print("| 0.70, {:.2f} | {:.2f} | {} of {} | {} |\n", better, share, e.ours, few,
                 e.found_at.empty() ? "-" : fmt::format("{:.0f}", e.found_at[e.found_at.size() / 2]));
    }
  }
  return fine ? 0 : 1;
}

}  // namespace baton::learn::bench
