// cascade: cheap first; escalate when the answer is found wanting.
//
// An answer is wanting when its worker failed or refused, when a check rejects it, or when it is less sure
// than `confidence`: by its checks' measured error rates, or by its tokens' probabilities where the worker
// reports them. The cheap answer is kept back until that is known; with `stream_early` it streams as soon as
// its first tokens are sure enough, and is then not retracted whatever a check finds later.
#include <fmt/format.h>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildCascade(const Materials& m) {
  Plan plan;
  const auto& order = m.workers;  // the operator's order, or from cheap to dear
  const double least = Or(m.settings.confidence, m.checks.empty() ? 0.7 : 0.5);
  const pool::Worker* judge = nullptr;
  if (!m.settings.judge.empty()) {
    TRY(judge, Named(m, m.settings.judge));
  }
  StepId before = -1;
  for (std::size_t i = 0; i < order.size() && i < 8; ++i) {
    const bool last = i + 1 == order.size() || i == 7;
    Step step = Ask(fmt::format("try{}", i + 1), Role::kWorker, {order[i]});
    step.answers_client = true;
    step.client_tools = true;
    step.judge = judge;
    // The last one's answer is taken as it is: there is nobody to escalate to, so it may stream.
    if (!last) {
      step.checks = m.checks;
      if (m.checks.empty()) step.checks = ConfidenceCheck(least);
      step.logprobs = order[i]->target.can.logprobs;
      if (m.settings.stream_early && step.logprobs) {
        step.commit_tokens = m.settings.commit_tokens;
        step.commit_confidence = least;
      }
    }
    if (before >= 0) step.when = Wanting(before, least);
    before = Add(&plan, std::move(step));
    plan.answers.insert(plan.answers.begin(), before);
  }
  return plan;
}

}  // namespace baton::workflow
