// A table to train a router on, from a server's own log: what was asked (as kept feature vectors), who
// answered, and what was said about the answer.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "estimate/estimator.h"
#include "estimate/features.h"

namespace baton::cli {

struct StoreTable {
  estimate::Table table;
  std::vector<std::string> workers;
  std::size_t rated = 0;    // rows with a score; the others tell of lengths alone
  std::size_t without = 0;  // rated exchanges without a vector: nothing to learn from
};
// One row per plain exchange that one worker answered and that keeps its vector. kInvalidRequest "no_rows":
// none is rated; the message says what is missing.
Result<StoreTable> ReadStore(const std::string& store, const estimate::Featurizer& featurizer);

}  // namespace baton::cli
