// The text form in which a language model writes a plan: three lists of equal length, anywhere in its reply.
//
//   model_id    = [2, 0]
//   subtasks    = ["Outline a solution", "Write it out, using the outline"]
//   access_list = [[], ["all"]]
//
// `model_id` counts the workers as the planner was shown them, from 0; `access_list` says which earlier steps
// a step sees: none, all, or their numbers from 0. Step i may refer to steps below i only. Three empty lists
// mean "keep what you have". The form is that of the RL Conductor (arXiv 2512.04388); the reader is ours: it
// looks for the last occurrence of each name, finds the list by its brackets (strings respected) and reads it
// strictly. Anything else is unparseable, and never guessed at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/plan.h"

namespace baton::workflow {

struct WrittenStep {
  int model = 0;
  std::string subtask;
  bool sees_all = false;
  std::vector<int> sees;
  bool operator==(const WrittenStep&) const = default;
};

// kInvalidRequest "unparseable_plan" saying what was expected; also for lists of unequal length. At most
// `max_steps` steps (more: "plan_too_long"). Never reads more than the last 64 KB of `text`. Pure; linear.
Result<std::vector<WrittenStep>> ParseLists(std::string_view text, std::size_t max_steps);
// Back again: for tests, few-shot examples and training data.
std::string WriteLists(const std::vector<WrittenStep>& steps);

// The first bracketed list of quoted texts in `text`, at most `most` of them; empty: there is none.
std::vector<std::string> ReadTextList(std::string_view text, std::size_t most);

// Appends the steps to `plan`, named `prefix` and their number, over `workers` as numbered; what a step sees
// is shifted to its place. The last one is the answer: it goes to the front of plan->answers. kInvalidRequest
// for a number of a worker or step that there is not ("unknown_worker", "forward_reference"); the plan is
// then unchanged.
Status AppendWritten(const std::vector<WrittenStep>& written, const std::vector<const pool::Worker*>& workers,
                     std::string_view prefix, Plan* plan);

}  // namespace baton::workflow
