// What a planner is told: the team as numbered facts, and the form its plan must have. One text for every
// planner, prompted or trained, served or in training, so that what was learned is what is asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pool/worker.h"

namespace baton::workflow {

// Stands behind the conversation. `again`: the planner is to look at what its last plan gave.
std::string PlannerTask(const std::vector<const pool::Worker*>& workers, int steps, std::int64_t unix_seconds,
                        bool again);

}  // namespace baton::workflow
