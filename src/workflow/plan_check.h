// May this plan run? One pass over the list, before anything is asked and again for every step that joins a
// running plan.
#pragma once

#include "base/result.h"
#include "rails/rails.h"
#include "workflow/plan.h"

namespace baton::workflow {

// The first thing wrong, with the step's name and what to do: kInvalidRequest "invalid_plan" for no steps or
// no answer, too many steps, unnamed or doubled names, references that do not look back (a forward reference,
// a step that waits for itself: no cycle can be written without one), instructions above the limit, a step
// without a worker; kPermissionDenied "policy_violation" for a worker outside the Permit (which is what a
// forbidden data flow comes down to: whoever may see the conversation is in the Permit).
// `from`: steps before it have been checked already.
Status Check(const Plan& plan, const rails::Permit& permit, std::size_t from = 0);

// Steps whose settling a step waits for, each once, in ascending order.
std::vector<StepId> WaitsFor(const Plan& plan, StepId step);
// Steps whose outputs it sees.
std::vector<StepId> Sees(const Plan& plan, StepId step);

}  // namespace baton::workflow
