// Costs as FOCUS 1.2 rows (https://focus.finops.org), a CSV file with one row per call, and one per
// correction.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "audit/event.h"
#include "base/result.h"
#include "config/config.h"
#include "record/recorder.h"

namespace baton::report {

struct FocusOptions {
  std::string billing_account = "baton";
  // Where regions and prices are named; null: those columns stay empty.
  const config::Config* config = nullptr;
  // "cost_correction" events, oldest first.
  std::vector<audit::Event> corrections;
};
struct FocusTotals {
  std::int64_t rows = 0, corrections = 0, unpriced = 0;
};

// A cost that is not known is no zero: its row has no SkuPriceId and, by FOCUS's rule, no quantities or unit
// prices; BilledCost, which may not be empty, is 0, and x_Unpriced says why. A corrected call has its first
// row as it was, and for each correction a row with ChargeClass "Correction" and the difference.
Result<FocusTotals> WriteFocus(const record::Recorder& store, const record::LogFilter& filter,
                               const FocusOptions& options, std::FILE* to);

// A cost_correction event's `detail`.
struct Correction {
  int call = 0;
  std::int64_t cost_nanos = 0;
  std::string reason;
};
std::string ToDetail(const Correction& correction);

}  // namespace baton::report
