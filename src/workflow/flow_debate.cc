// debate (Du et al., arXiv 2305.14325): workers answer, read each other, answer again; then a vote or a
// judge.
//
// Each round every debater sees the last round's answers of all, its own among them. A round that ends in
// agreement is the last: what everybody says is not made truer by saying it again.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildDebate(const Materials& m) {
  Plan plan;
  const int rounds = std::clamp(Or(m.settings.rounds, 2), 1, 5);
  auto debaters = m.workers;
  if (debaters.size() > 6) debaters.resize(6);
  if (debaters.size() == 1) debaters.push_back(debaters.front());
  std::vector<StepId> last;
  for (int round = 1; round <= rounds; ++round) {
    Condition unless_agreed;
    if (!last.empty()) {
      Step count = Ask(fmt::format("count{}", round - 1), Role::kSynthesizer, {});
      count.method = Method::kVote;
      count.access.steps = last;
      count.sameness = SamenessOf(m);
      const StepId agreed = Add(&plan, std::move(count));
      plan.answers.insert(plan.answers.begin(), agreed);
      unless_agreed = {{Not(AtLeast(agreed, Or(m.settings.quorum, 0.999)))}};
    }
    std::vector<StepId> here;
    for (std::size_t i = 0; i < debaters.size(); ++i) {
      Step s = Ask(
          fmt::format("round{}.{}", round, i + 1), Role::kWorker, {debaters[i]},
          round == 1
              ? ""
              : "Answers of all debaters to the conversation above stand here, yours among them. Where they "
                "differ, find out who is right; change your mind only for a reason. Reply with your "
                "answer alone.");
      s.access.steps = last;
      s.answers_client = true;
      s.when = unless_agreed;
      s.seed_offset = static_cast<std::int64_t>(i);
      here.push_back(Add(&plan, std::move(s)));
    }
    last = std::move(here);
  }
  if (!m.settings.judge.empty()) {
    TRY(const pool::Worker* who, Named(m, m.settings.judge));
    Step judge = Ask("judge", Role::kSynthesizer, First(who, m.workers),
                     "The last answers of a debate about the conversation above stand here. Decide what is "
                     "right and reply "
                     "with the answer alone.");
    judge.access.steps = last;
    judge.answers_client = true;
    judge.optional = true;
    plan.answers.insert(plan.answers.begin(), Add(&plan, std::move(judge)));
  } else {
    Step vote = Ask("vote", Role::kSynthesizer, {});
    vote.method = Method::kVote;
    vote.access.steps = last;
    vote.sameness = SamenessOf(m);
    plan.answers.insert(plan.answers.begin(), Add(&plan, std::move(vote)));
  }
  plan.answers.insert(plan.answers.end(), last.begin(), last.end());
  return plan;
}

}  // namespace baton::workflow
