// evidence: decided answer by answer by a chooser (evidence_chooser.h), so there is no plan before there are
// answers. What stands here is what the dry run can say: whoever may be asked, and one answer at least.
#include <fmt/format.h>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildEvidence(const Materials& m) {
  Plan plan;
  Step first = Ask("answer1", Role::kWorker, m.workers);
  first.answers_client = true;
  plan.answers = {Add(&plan, std::move(first))};
  plan.notes.push_back(fmt::format(
      "whom else is asked, and when that stops being worth its price, is decided answer by answer by {}",
      m.settings.file));
  return plan;
}

}  // namespace baton::workflow
