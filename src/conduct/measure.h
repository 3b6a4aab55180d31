// Policies over a live pool, measured on the same problems, and compared with the best single worker.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "conduct/rollouts.h"

namespace baton::conduct {

// One policy's tries, one per problem, in the problems' order.
struct Measured {
  std::string name, note;
  std::vector<arena::Rollout> tries;
  double ms =
      -1;  // mean wall time of a few tries that were made alone and without a memo; negative: not taken
  double accuracy() const;
  // Means over the tries.
  double usd() const;
  double worst_usd() const;
  double tokens() const;
  double calls() const;
  double turns() const;
};

struct Interval {
  double low = 0, high = 0;
  bool holds_zero() const { return low <= 0 && high >= 0; }
};
// 95 % by 4,000 resamples of the mean of `values`.
Interval Bootstrap(const std::vector<double>& values, std::uint64_t seed);
// Of the difference of two policies' scores on the same problems. REQUIRES: equal lengths.
Interval PairedBootstrap(const Measured& a, const Measured& b, std::uint64_t seed);

Task<Measured> MeasureCoordinator(Rollouts& rollouts, std::string name, const Coordinator& coordinator,
                                  const std::vector<arena::Problem>& problems);
// A named workflow of the environment over these workers.
Task<Measured> MeasureWorkflow(Rollouts& rollouts, std::string name, const std::string& workflow,
                               std::vector<std::string> workers, double temperature,
                               const std::vector<arena::Problem>& problems);
Measured MeasureSingle(const SingleTurns& turns, std::size_t worker, std::string name);
// Per problem the cheapest worker that is right: what no policy of one call can beat.
Measured MeasureOracle(const Rollouts& rollouts, const SingleTurns& turns);
// The worker with the highest utility on these (training) problems.
std::size_t BestSingle(const Rollouts& rollouts, const SingleTurns& turns);

// Every worker asked alone, once per problem.
struct Singles {
  SingleTurns train, test;
  std::size_t best = 0;  // by the training problems
  // On the test problems: "best_single", "worker:NAME" for each, the oracle.
  std::vector<Measured> rows;
};
Task<Singles> MeasureSingles(Rollouts& rollouts, const std::vector<arena::Problem>& train,
                             const std::vector<arena::Problem>& test);

// Who did what: shares of steps by worker and by role, of worker in each role ("worker as role"), and of
// tries by their number of steps; per family and in all ("").
struct Shares {
  std::map<std::string, std::map<std::string, double>> workers, roles, pairs, lengths;
  std::map<std::string, double> accuracy;
  // Nine tenths of all answers come from one worker: named here. Empty: no.
  std::string collapsed;
};
Shares Inspect(const Measured& policy, const std::vector<arena::Problem>& problems);

}  // namespace baton::conduct
