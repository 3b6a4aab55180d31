// single: one worker answers, its fallbacks stand behind it.
//
// Most requests need no team, and a team costs several times as much; so this is the standard, and the one
// every other workflow must beat at equal dollars before traffic moves to it.
#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildSingle(const Materials& m) {
  Plan plan;
  Step answer = Ask("answer", Role::kWorker, m.workers);
  answer.answers_client = answer.client_tools = true;
  answer.checks = m.checks;
  plan.answers = {Add(&plan, std::move(answer))};
  return plan;
}

}  // namespace baton::workflow
