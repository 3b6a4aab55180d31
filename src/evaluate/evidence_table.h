// Outcome matrices as what the evidence policy learns from.
#pragma once

#include <span>

#include "estimate/evidence.h"
#include "evaluate/outcome.h"

namespace baton::evaluate {

// Tools are on offer in these rows: a third of the answers are calls.
bool CallsExpected(const OutcomeMatrix& matrix, std::span<const std::size_t> rows);

// One row per number in `rows`; equal answers are equal groups. REQUIRES: costs are filled in (prices.h).
estimate::EvidenceTable MakeEvidenceTable(const OutcomeMatrix& matrix, std::span<const std::size_t> rows,
                                          bool calls);

}  // namespace baton::evaluate
