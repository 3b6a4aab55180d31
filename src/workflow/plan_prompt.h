// What a planner is told: the team as numbered facts, and the form its plan must have. The same text served
// and in training, so that what was learned is what is asked. Two lengths: whoever must be told how plans
// work gets the long one; whoever was trained to write them knows, and is only told who is there and what he
// costs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pool/worker.h"

namespace baton::workflow {

enum class PlannerForm { kFull, kShort };
// "full", "short"; empty: full. Nullopt: neither.
std::optional<PlannerForm> ParsePlannerForm(std::string_view name);

// Stands behind the conversation. `again`: the planner is to look at what its last plan gave.
std::string PlannerTask(const std::vector<const pool::Worker*>& workers, int steps, std::int64_t unix_seconds,
                        bool again, PlannerForm form = PlannerForm::kFull);

}  // namespace baton::workflow
