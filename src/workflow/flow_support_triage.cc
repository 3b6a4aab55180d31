// support_triage: classify; resolve what is simple; hand over what is sensitive or angry to people.
//
// The class is one word of four, and anything else counts as the careful one: a classifier that rambles must
// not send a furious customer to a machine. Without a human queue the hand-over falls back to a careful
// answer by the strongest worker, marked as degraded.
#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {
namespace {

Clause Says(StepId step, const char* label) {
  Clause t = Is(Clause::What::kLabel, step);
  t.text = label;
  return t;
}

}  // namespace

Result<Plan> BuildSupportTriage(const Materials& m) {
  Plan plan;
  TRY(const pool::Worker* planner, Named(m, m.settings.planner));
  const auto* strongest = Strongest(m.workers, m.unix_seconds);
  Step classify = Ask(
      "classify", Role::kThinker, First(planner, m.workers),
      "Classify the customer's last message above with one word: SIMPLE (a routine question), COMPLEX (needs "
      "thought or several steps), SENSITIVE (legal, health, payment disputes, personal data) or ANGRY "
      "(the customer is upset). Reply with that one word.");
  classify.limits.max_output = 16;
  classify.temperature = 0;
  const StepId kind = Add(&plan, std::move(classify));
  Step simple = Ask("resolve", Role::kWorker, CheapFirst(m.workers, m.unix_seconds));
  simple.when = AllOf({Says(kind, "simple")});
  Step complex = Ask("resolve_complex", Role::kWorker, First(strongest, m.workers));
  complex.when = AllOf({Says(kind, "complex")});
  Step hand;
  hand.name = "person";
  hand.role = Role::kHuman;
  hand.method = Method::kHand;
  hand.instruction = "sensitive or angry, by the triage";
  hand.when = AllOf({Not(Says(kind, "simple")), Not(Says(kind, "complex"))});
  simple.answers_client = complex.answers_client = true;
  simple.client_tools = complex.client_tools = true;
  simple.checks = complex.checks = m.checks;
  const StepId a = Add(&plan, std::move(simple)), b = Add(&plan, std::move(complex));
  const StepId c = Add(&plan, std::move(hand));
  Step careful = Ask(
      "careful", Role::kWorker, First(strongest, m.workers),
      "Nobody is at hand to take this over. Answer with care: acknowledge the concern, promise nothing, and "
      "say that a person will follow up.");
  careful.answers_client = true;
  careful.when = AllOf({Is(Clause::What::kFailed, c)});
  const StepId d = Add(&plan, std::move(careful));
  plan.answers = {c, a, b, d};
  return plan;
}

}  // namespace baton::workflow
