// Verifiers over recorded answers: what a live pool's checks would have said, for policies that look at
// answers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "evaluate/outcome.h"

namespace baton::cli {

struct VerdictOptions {
  std::vector<std::string> verifiers;  // by name, with their standard options; none may ask a model
  std::string kept;                    // file of verdicts that were given, added to; empty: nowhere
  int jobs = 1;
  // After each question: how many of how many are done. Called by one thread at a time.
  std::function<void(std::size_t done, std::size_t of)> progress;
};

// Fills Cell::verdicts of every recorded cell, one per verifier. A final answer that the data marks as such
// is judged in place of the whole text. Equal answers to a question are judged once. kInvalidRequest: an
// unknown verifier, or one that asks a model; kInternal: `kept` cannot be written.
Status AddVerdicts(evaluate::OutcomeMatrix& matrix, const VerdictOptions& options);

}  // namespace baton::cli
