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
#include "workflow/plan_text.h"

namespace baton::workflow {

enum class PlannerForm { kFull, kShort };
// "full", "short"; empty: full. Nullopt: neither.
std::optional<PlannerForm> ParsePlannerForm(std::string_view name);

// A plan as a planner of the short form is taught to write it: first, for every worker that it asks, the
// worker's line without the price ("finds sentences in its documents: 2"), then the three lists. Numbers that
// stand behind what they stand for are copied; asked for a bare index, a model of a hundred million
// parameters learned the lists to the letter and went on guessing whom to ask. REQUIRES: numbers are in
// `team`.
std::string WritePlan(const std::vector<WrittenStep>& steps, const std::vector<const pool::Worker*>& team);

// Stands behind the conversation. `again`: the planner is to look at what its last plan gave.
std::string PlannerTask(const std::vector<const pool::Worker*>& workers, int steps, std::int64_t unix_seconds,
                        bool again, PlannerForm form = PlannerForm::kFull);

}  // namespace baton::workflow
