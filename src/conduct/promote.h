// The gate of a coordinator or a conductor, made by playing it and the best single worker on problems of
// their own.
#pragma once

#include <string>
#include <vector>

#include "conduct/measure.h"

namespace baton::conduct {

// Plays `coordinator` (its likeliest choices, any gate it has ignored) and worker `best` once on each of
// `problems`, which are neither trained nor tested on; slices are their families. Centres come from the
// training problems, as do slices: a family nobody trained on has no centre and no verdict.
Task<Gate> MakeGate(Rollouts& rollouts, const Coordinator& coordinator, std::size_t best,
                    const std::vector<arena::Problem>& problems, const std::vector<arena::Problem>& train,
                    const SingleTurns& train_turns);

// The same for a workflow of the rollouts' environment (a conductor's): slices are found by the states of the
// rollouts' reader.
Task<Gate> MakeWorkflowGate(Rollouts& rollouts, const std::string& workflow, std::size_t best,
                            const std::vector<arena::Problem>& problems,
                            const std::vector<arena::Problem>& train, const SingleTurns& train_turns);

// One verdict from paired utilities; passed: enough of them, and the interval's lower end above zero.
SliceVerdict Judge(std::string slice, const std::vector<double>& differences);

}  // namespace baton::conduct
