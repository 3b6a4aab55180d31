// research: decompose, answer the parts in parallel, synthesise with sources, check consistency.
//
// The parts see their own question and the conversation, not each other: independent answers contradict each
// other where one is wrong, and the synthesis is told to say so. A consistency check reads the result against
// the parts; a rejected one is written again, once. The number of parts is a bound (four by default), so the
// most this can cost is known.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildResearch(const Materials& m) {
  Plan plan;
  TRY(const pool::Worker* planner, Named(m, m.settings.planner));
  TRY(const pool::Worker* writer, Named(m, m.settings.synthesizer));
  TRY(const pool::Worker* judge, Named(m, m.settings.judge));
  const int parts = std::clamp(Or(m.settings.samples, 4), 1, 12);
  Step split = Ask(
      "decompose", Role::kThinker, First(planner, m.workers),
      fmt::format("Do not answer yet. Break the question above into at most {} smaller questions that can be "
                  "answered independently. Write one per line, each beginning with a dash, and nothing "
                  "else.",
                  parts));
  split.limits.max_output = 384;
  const StepId list = Add(&plan, std::move(split));
  std::vector<StepId> found;
  for (int i = 0; i < parts; ++i) {
    // Spread over the workers, so that their mistakes are not all the same.
    const auto* who = m.workers[static_cast<std::size_t>(i) % m.workers.size()];
    Step part = Ask(fmt::format("topic{}", i + 1), Role::kWorker, First(who, m.workers),
                    "Answer the one question given as the item above, as part of researching the "
                    "conversation's question. "
                    "Be exact, say what you are unsure of, and name sources where you know them.");
    part.item = Item{list, i};
    part.optional = i > 0;
    found.push_back(Add(&plan, std::move(part)));
  }
  const auto write = [&](std::string name, std::string task) {
    Step s = Ask(std::move(name), Role::kSynthesizer, First(writer, m.workers), std::move(task));
    s.access.steps = found;
    s.answers_client = true;
    s.checks = m.checks;
    s.judge = judge;
    return s;
  };
  Step first = write(
      "synthesise",
      "Answer the conversation's question from the findings above. Mark what rests on which finding with "
      "[1], [2], ... in the order they stand, list the sources they name at the end, and say openly "
      "where findings contradict each other. Reply with the answer alone.");
  const StepId answer = Add(&plan, std::move(first));
  Step check = Ask(
      "consistency", Role::kVerifier, First(judge, m.workers),
      "Compare the synthesis above with the findings above. Does it say anything that they contradict, or "
      "leave out something that matters? Begin your reply with ACCEPT or REJECT; after REJECT name the "
      "problem in one or two sentences.");
  check.access.steps = found;
  check.access.steps.push_back(answer);
  check.when = AllOf({Is(Clause::What::kAnswered, answer)});
  check.limits.max_output = 256;
  check.optional = true;
  const StepId verdict = Add(&plan, std::move(check));
  plan.steps[static_cast<std::size_t>(verdict)].judges = answer;
  Step again = write("rewrite",
                     "The synthesis was found inconsistent with the findings, for the reason given. Write it "
                     "again, correctly, with the same marks and sources. Reply with the answer alone.");
  again.access.steps.push_back(answer);
  again.access.steps.push_back(verdict);
  again.when = AllOf({Is(Clause::What::kRejected, verdict)});
  again.optional = true;
  const StepId second = Add(&plan, std::move(again));
  plan.answers = {second, answer};
  plan.answers.insert(plan.answers.end(), found.begin(), found.end());
  return plan;
}

}  // namespace baton::workflow
