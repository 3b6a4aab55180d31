// coordinator: decided step by step by a chooser (conduct/chooser.h), so there is no plan before there is a
// transcript. What stands here is what the dry run can say: whoever may be asked, and one answer at least.
#include <fmt/format.h>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildCoordinator(const Materials& m) {
  Plan plan;
  Step first = Ask("t1", Role::kWorker, m.workers);
  first.answers_client = true;
  plan.answers = {Add(&plan, std::move(first))};
  plan.notes.push_back(fmt::format(
      "who works in which role is decided turn by turn, in at most 5 turns, by {}", m.settings.file));
  return plan;
}

}  // namespace baton::workflow
