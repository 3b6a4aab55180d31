// Outcome matrices as what the evidence policy learns from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "estimate/evidence.h"
#include "evaluate/outcome.h"

namespace baton::evaluate {

// Tools are on offer in these rows: a third of the answers are calls.
bool CallsExpected(const OutcomeMatrix& matrix, std::span<const std::size_t> rows);

// What verdicts are worth, counted on labelled answers: for each verifier the log of P(verdict | right) over
// P(verdict | wrong). Half an answer is added to every count, so that no verdict is ever proof.
class VerdictRates {
 public:
  VerdictRates() = default;
  VerdictRates(const OutcomeMatrix& matrix, std::span<const std::size_t> rows);
  // Verifiers count as independent. 0 without verdicts.
  double LogRatio(std::span<const std::int8_t> verdicts) const;

 private:
  struct Ratios {
    double accept = 0, reject = 0;
  };
  std::vector<Ratios> by_verifier_;
};

// One row per number in `rows`; equal answers are equal groups. Without `rates` verdicts are left out.
// REQUIRES: costs are filled in (prices.h).
estimate::EvidenceTable MakeEvidenceTable(const OutcomeMatrix& matrix, std::span<const std::size_t> rows,
                                          bool calls, const VerdictRates* rates = nullptr);

}  // namespace baton::evaluate
