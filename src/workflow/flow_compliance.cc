// compliance: approved workers only, personal data hidden from them, an audit mark on the answer.
//
// Approved are the workers the settings name, within those the permit allows: a permit is never widened. What
// the data scan finds is replaced by marks before a worker sees it and put back in the answer, so that even
// an approved worker holds no more than it needs. What the scan misses (docs/data_classes.md has the rates)
// is not hidden. The answer is held back until it is whole: a mark may be cut by a stream.
#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildCompliance(const Materials& m) {
  Plan plan;
  plan.audited = true;
  Step answer = Ask("answer", Role::kWorker, m.workers);
  answer.answers_client = true;
  answer.client_tools = true;
  answer.redact = true;
  answer.checks = m.checks;
  if (!m.settings.judge.empty()) {
    TRY(answer.judge, Named(m, m.settings.judge));
  }
  plan.answers = {Add(&plan, std::move(answer))};
  if (m.settings.workers.empty())
    plan.notes.push_back("no approved workers are named: all that the permit allows count as approved");
  return plan;
}

}  // namespace baton::workflow
