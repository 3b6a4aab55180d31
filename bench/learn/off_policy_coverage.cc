// How often do 95 % intervals hold the truth? A thousand simulated logs per setting, each written by a policy
// that explores, each asked about another policy whose true value is known.
#include <fmt/format.h>

#include <cmath>

#include "learn/choice.h"
#include "learn/experiments.h"
#include "learn/off_policy.h"
#include "learn/world.h"

namespace baton::learn::bench {
namespace {

struct Setting {
  const char* name;
  std::size_t rows;
  double floor, width;             // of the policy that writes the log
  double model_error;              // of the model in the doubly robust estimate
  double log_value, target_value;  // USD per point: how different the two policies are
};

// What the policies estimate: the truth, bent by a fixed error per worker.
std::vector<Option> OptionsOf(const Request& r, double bend, double spread) {
  std::vector<Option> options;
  for (std::size_t a = 0; a < r.expected.size(); ++a) {
    const double error = a % 2 ? bend : -bend;
    options.push_back({static_cast<double>(r.expected[a]) + error, spread, static_cast<double>(r.cost[a])});
  }
  return options;
}

// The two policies' distributions, per request of the world.
struct Policies {
  std::vector<std::vector<double>> log, target;
};

Policies PoliciesOf(const World& world, const Setting& s) {
  Policies p;
  for (const Request& r : world.requests) {
    p.log.push_back(Distribution(OptionsOf(r, 0.1, 0.12), {s.log_value, s.floor, s.width}, 1).probability);
    p.target.push_back(Distribution(OptionsOf(r, 0.02, 0.05), {s.target_value, 0.01, 1}, 1).probability);
  }
  return p;
}

std::size_t DrawFrom(const std::vector<double>& probability, Random& random) {
  double left = random.Unit();
  for (std::size_t a = 0; a + 1 < probability.size(); ++a) {
    left -= probability[a];
    if (left < 0) return a;
  }
  return probability.size() - 1;
}

struct Tally {
  int covered[3] = {}, estimates = 0, refused = 0;
  double width[3] = {}, error[3] = {}, effective = 0;
};

void RunLog(const World& world, const Policies& policies, const Setting& s, double truth, std::uint64_t seed,
            Tally& tally) {
  Random random(seed);
  std::vector<LoggedDecision> log;
  for (std::size_t i = 0; i < s.rows; ++i) {
    const std::size_t which = random.Below(world.requests.size());
    const Request& r = world.requests[which];
    const auto &logged = policies.log[which], &target = policies.target[which];
    const std::size_t a = DrawFrom(logged, random);
    LoggedDecision row;
    row.propensity = logged[a];
    row.target = target[a];
    row.reward = random.Unit() < static_cast<double>(r.expected[a]) ? 1 : 0;
    row.model_logged = static_cast<double>(r.expected[a]) + s.model_error;
    for (std::size_t b = 0; b < target.size(); ++b)
      row.model_target += target[b] * (static_cast<double>(r.expected[b]) + s.model_error);
    log.push_back(row);
  }
  const auto e = EstimateOffPolicy(log, {});
  if (!e) {
    ++tally.refused;
    return;
  }
  ++tally.estimates;
  tally.effective += e->effective;
  const Interval all[] = {e->ips, e->snips, e->dr};
  for (int k = 0; k < 3; ++k) {
    tally.covered[k] += all[k].low <= truth && truth <= all[k].high;
    tally.width[k] += all[k].high - all[k].low;
    tally.error[k] += all[k].value - truth;
  }
}

}  // namespace

int OffPolicyCoverage(const Settings& settings) {
  const int runs = settings.runs > 0 ? settings.runs : 1000;
  const Setting kSettings[] = {
      {"near policies, 2,000 rows", 2000, 0.10, 1, 0.05, 0.010, 0.012},
      {"near policies, 500 rows", 500, 0.10, 1, 0.05, 0.010, 0.012},
      {"far policies, 2,000 rows", 2000, 0.20, 1, 0.05, 0.004, 0.040},
      {"far policies, little exploring, 5,000 rows", 5000, 0.05, 0.5, 0.05, 0.004, 0.040},
      {"far policies, 20,000 rows", 20000, 0.20, 1, 0.05, 0.004, 0.040},
      {"far policies, wrong model in DR, 2,000 rows", 2000, 0.20, 1, 0.30, 0.004, 0.040},
  };
  const World world = Simulated(6, 4000, 11);
  fmt::print(
      "| log | refused | effective rows | estimator | coverage of the 95 % interval | mean width | mean "
      "error |\n"
      "|---|---|---|---|---|---|---|\n");
  bool fine = true;
  for (const Setting& s : kSettings) {
    const Policies policies = PoliciesOf(world, s);
    double truth = 0;
    for (std::size_t i = 0; i < world.requests.size(); ++i) {
      for (std::size_t a = 0; a < world.workers.size(); ++a)
        truth += policies.target[i][a] * static_cast<double>(world.requests[i].expected[a]);
    }
    truth /= static_cast<double>(world.requests.size());
    Tally t;
    for (int i = 0; i < runs; ++i)
      RunLog(world, policies, s, truth, MixKeys(77, static_cast<std::uint64_t>(i)), t);
    const char* names[] = {"IPS", "SNIPS", "DR"};
    if (t.estimates == 0) fmt::print("| {} | {} of {} | - | - | - | - | - |\n", s.name, t.refused, runs);
    for (int k = 0; k < 3 && t.estimates > 0; ++k) {
      const double n = t.estimates, covered = t.covered[k] / n;
      fmt::print("| {} | {} | {:.0f} | {} | {:.1f} % | {:.3f} | {:+.4f} |\n", k == 0 ? s.name : "", t.refused,
                 t.effective / n, names[k], 100 * covered, t.width[k] / n, t.error[k] / n);
      // Those few logs that pass although most of their kind are refused are a selection, not a sample.
      if (t.refused < runs / 2) fine &= covered >= 0.93 && covered <= 0.97;
    }
  }
  return fine ? 0 : 1;
}

}  // namespace baton::learn::bench
