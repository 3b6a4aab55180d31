// What a router that has not seen a question would expect of each worker: the prior of an evidence table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "estimate/features.h"
#include "evaluate/outcome.h"

namespace baton::cli {

// Row-major, rows x workers: each fifth of the rows by an estimator of that kind fitted on the other four.
// kInvalidRequest "no_prompts": a row has no text; and as estimate::Fit().
Result<std::vector<float>> CrossFitPrior(const evaluate::OutcomeMatrix& matrix,
                                         const estimate::Featurizer& featurizer, const std::string& kind,
                                         std::uint64_t seed);

}  // namespace baton::cli
