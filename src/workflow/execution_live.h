// Inside workflow/: what a step has while it runs and does not keep.
#pragma once

#include <memory>
#include <optional>

#include "budget/lease.h"
#include "workflow/execution.h"

namespace baton::workflow {

struct Execution::Live {
  explicit Live(Cancel* run) : cancel(run) {}
  Cancel cancel;
  std::unique_ptr<budget::Lease> lease;  // its part of the exchange's
  std::int64_t cap = 0;                  // output tokens, where less than the step's own; 0: as the step says
  std::optional<CommitStream> commit;
  std::vector<provider::Loss> losses;
  bool called_off = false;
  StepStatus end = StepStatus::kFailed;
};

inline Execution::Live& Execution::LiveOf(StepId id) {
  while (live_.size() <= static_cast<std::size_t>(id)) live_.emplace_back(&cancel_);
  return live_[static_cast<std::size_t>(id)];
}

}  // namespace baton::workflow
