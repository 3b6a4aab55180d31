// pipeline: plan, execute, verify, with bounded repair.
//
// The planner advises and sees the question alone; the executor answers with the advice before it; the
// verifier says ACCEPT or REJECT and why; a rejected answer is repaired by one who sees the objection, and
// verified again. Rounds are bounded (two by default), because a model that fails twice with the objection in
// front of it will fail again. The last repair is not verified: nobody could act on the verdict any more, and
// so it may stream.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {
namespace {

constexpr const char* kVerifyTask =
    "Check the answer above against the conversation: is it correct, complete, and in the form that was "
    "asked for? "
    "Redo calculations. Begin your reply with ACCEPT or REJECT; after REJECT say in one or two sentences "
    "what is "
    "wrong.";

}  // namespace

Result<Plan> BuildPipeline(const Materials& m) {
  Plan plan;
  TRY(const pool::Worker* planner, Named(m, m.settings.planner));
  TRY(const pool::Worker* judge, Named(m, m.settings.judge));
  Step outline =
      Ask("outline", Role::kThinker, First(planner, m.workers),
          "Do not answer yet. Outline in a few short lines how to answer the conversation above: the steps, "
          "what to watch out for, what the answer must contain.");
  outline.optional = true;
  outline.limits.max_output = 384;
  const StepId first = Add(&plan, std::move(outline));
  const int rounds = std::clamp(Or(m.settings.rounds, 2), 0, 5);
  StepId answer = -1, verdict = -1;
  for (int round = 0; round <= rounds; ++round) {
    Step work = Ask(
        round == 0 ? "execute" : fmt::format("repair{}", round), Role::kWorker, m.workers,
        round == 0 ? "Answer the conversation above, with the outline as advice. Reply with the answer alone."
                   : "The answer above was found wanting, for the reason given. Answer the conversation "
                     "again, correctly. Reply with the answer alone.");
    work.answers_client = true;
    work.checks = m.checks;
    work.judge = judge;
    work.access.steps = {first};
    if (round > 0) {
      work.access.steps = {answer, verdict};
      // Rejected by the verifier, or by a check of its own.
      work.when = AnyOf({Is(Clause::What::kRejected, verdict), Is(Clause::What::kRejected, answer)});
    }
    answer = Add(&plan, std::move(work));
    plan.answers.insert(plan.answers.begin(), answer);
    if (round == rounds) break;
    Step check =
        Ask(fmt::format("verify{}", round + 1), Role::kVerifier, First(judge, m.workers), kVerifyTask);
    check.access.steps = {answer};
    check.when = AllOf({Is(Clause::What::kAnswered, answer), Not(Is(Clause::What::kRejected, answer))});
    check.limits.max_output = 256;
    check.optional = true;
    verdict = Add(&plan, std::move(check));
    plan.steps[static_cast<std::size_t>(verdict)].judges = answer;
  }
  return plan;
}

}  // namespace baton::workflow
