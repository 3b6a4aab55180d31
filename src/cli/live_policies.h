// The product's own policies of single turns over a live pool: the router and the evidence policy, fitted and
// asked exactly as `baton eval` does on recorded outcomes, here on turns that were just played.
//
// A worker that is asked the same at temperature 0 says the same, so replaying a played turn is what a call
// would have brought; nothing about the test problems but the answers that a policy pays for can reach it.
#pragma once

#include <string>
#include <vector>

#include "conduct/measure.h"
#include "evaluate/outcome.h"

namespace baton::cli {

struct LiveRows {
  const std::vector<arena::Problem>& train;
  const std::vector<arena::Problem>& test;
  const conduct::SingleTurns& train_turns;
  const conduct::SingleTurns& test_turns;
  const std::vector<std::string>& workers;
};
// Training rows first, then the test rows.
evaluate::OutcomeMatrix MatrixOf(const LiveRows& rows);
// Rows "router" and "evidence". `table`: static table of `baton models pull`, empty: hashed words. A policy
// that cannot be fitted is left out, and `why` says so. Their decisions read no tokens.
std::vector<conduct::Measured> MeasureOwnPolicies(const LiveRows& rows, const std::string& table,
                                                  double usd_per_right, std::uint64_t seed, std::string* why);

}  // namespace baton::cli
