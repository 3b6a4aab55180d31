// code_with_verifier: write, run the caller's tests, repair, escalate.
//
// The tests are the caller's (assertions, doctests, examples in the question) and run in the sandbox:
// evidence, not an opinion. A failed run's output goes to the repair, as data. After the cheap worker's
// repairs are spent the strongest one gets the same chance. Without tests nothing can be said and the first
// answer stands.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildCodeWithVerifier(const Materials& m) {
  Plan plan;
  auto checks = m.checks;
  if (checks.empty()) {
    TRY(auto code, m.check({"code", {}}));
    checks.push_back(std::move(code));
  }
  const auto& order = m.workers;  // the operator's order, or from cheap to dear
  const pool::Worker* strongest = Strongest(m.workers, m.unix_seconds);
  const int repairs = std::clamp(Or(m.settings.rounds, 2), 0, 5);
  StepId before = -1;
  const auto attempt = [&](std::string name, std::vector<const pool::Worker*> who) {
    Step step =
        Ask(std::move(name), Role::kWorker, std::move(who),
            before < 0 ? "Reply with the complete code in one fenced block."
                       : "The code above failed, as shown. Find the mistake and reply with the complete, "
                         "corrected code in one fenced block.");
    step.answers_client = true;
    step.checks = checks;
    if (before >= 0) {
      step.access.steps = {before};
      step.when = AnyOf({Is(Clause::What::kRejected, before)});
    }
    before = Add(&plan, std::move(step));
    plan.answers.insert(plan.answers.begin(), before);
  };
  attempt("write", order);
  for (int i = 1; i <= repairs; ++i) attempt(fmt::format("repair{}", i), order);
  if (strongest != order.front()) attempt("escalate", First(strongest, order));
  return plan;
}

}  // namespace baton::workflow
