// Evaluation data from the log: the outcome form that `baton eval` reads, of exchanges whose content was
// kept.
#pragma once

#include <cstdio>
#include <string>

#include "audit/vault.h"
#include "base/result.h"
#include "record/recorder.h"

namespace baton::report {

struct DatasetOptions {
  audit::Vault* vault = nullptr;  // null: sealed contents are passed over
  bool all = false;               // also exchanges nobody gave feedback on; their score is then absent
};
struct DatasetTotals {
  std::int64_t rows = 0, without_score = 0, sealed = 0, unreadable = 0;
};

// One line per exchange: {"id", "benchmark": "baton-log", "slice", "prompt", "models": {WORKER: {"score",
// "response", "prompt_tokens", "completion_tokens", "cost"}}}. The score is the mean of the exchange's
// feedback. `path` is the store's, which `store` reads.
Result<DatasetTotals> WriteDataset(const std::string& path, const record::Recorder& store,
                                   const DatasetOptions& options, std::FILE* to);

}  // namespace baton::report
