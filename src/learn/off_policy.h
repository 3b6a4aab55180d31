// What another policy would have earned on a log that this one wrote: importance-weighted estimates with 95 %
// intervals, or a refusal that says why there is none.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace baton::learn {

// One logged decision with its reward, seen by the policy under question.
struct LoggedDecision {
  double propensity = 0;  // with which the logged worker was chosen then; what is not above 0 is missing
  double target = 0;      // with which the other policy chooses that worker
  double reward = 0;      // in [0, 1]
  // For the doubly robust estimate; from a model that did not see this row.
  double model_logged = 0;  // reward expected of the logged worker
  double model_target =
      0;  // reward expected of the other policy: the sum over workers of target * expectation
};

struct Interval {
  double value = 0, low = 0, high = 0;
};

struct OffPolicy {
  Interval ips, snips, dr;
  std::size_t rows = 0;
  double effective = 0;      // effective sample size: (sum w)^2 / sum w^2
  double mean_weight = 0;    // near 1 where the log covers what the other policy does
  double largest_share = 0;  // of all weight that one row has
};

struct OffPolicyOptions {
  double least_effective = 100;
  double level = 0.95;
};

// Refused, each by its name:
//   propensity_missing          a row without a propensity in (0, 1]: nobody can weight it
//   effective_sample_too_small  the intervals would be told by a handful of rows
//   support_missing             mean weight significantly below 1: the other policy does what the log never
//   tried bad_row                     a number that is not finite, or a reward outside [0, 1]
Result<OffPolicy> EstimateOffPolicy(std::span<const LoggedDecision> log, const OffPolicyOptions& options);

// Two-sided quantile of Student's t, by which the intervals are stretched (1.96 for many rows).
double StudentQuantile(double level, double degrees);

}  // namespace baton::learn
