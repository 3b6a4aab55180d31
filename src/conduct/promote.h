// The gate of a coordinator or a conductor, made by playing it and each slice's best single worker on
// problems of their own.
#pragma once

#include <string>
#include <vector>

#include "conduct/measure.h"

namespace baton::conduct {

// What a gate is made from. Slices are the families of `train`; centres, reaches and best workers come from
// there. `problems` are neither trained nor tested on; a family that is not among them is refused.
struct GateGround {
  const std::vector<arena::Problem>& problems;
  const std::vector<arena::Problem>& train;
  const SingleTurns& train_turns;
};

// Plays `coordinator` (its likeliest choices, any gate it has ignored) once on each problem.
Task<Gate> MakeGate(Rollouts& rollouts, const Coordinator& coordinator, GateGround ground);
// The same for a workflow of the rollouts' environment (a conductor's): slices are found by the states of the
// rollouts' reader.
Task<Gate> MakeWorkflowGate(Rollouts& rollouts, const std::string& workflow, GateGround ground);

// The workflow behind its gate, as it would be served: whom the gate does not let in is answered by one
// worker. What was read to decide is in the bill.
Task<Measured> MeasureGated(Rollouts& rollouts, std::string name, const std::string& workflow,
                            const Gate& gate, const std::vector<arena::Problem>& problems);

// One verdict from paired utilities; passed: enough of them, and the interval's lower end above zero.
SliceVerdict Judge(std::string slice, const std::vector<double>& differences);
// The same in words, for people.
std::string Line(const SliceVerdict& verdict);

}  // namespace baton::conduct
