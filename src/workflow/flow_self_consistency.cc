// self_consistency (Wang et al., arXiv 2203.11171): one worker, several samples, the answer most of them
// give.
//
// The vote ends as soon as the samples still running could not change it. Samples differ by their seeds,
// which are set, so that a run can be repeated.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {

Result<Plan> BuildSelfConsistency(const Materials& m) {
  Plan plan;
  const int samples = std::clamp(Or(m.settings.samples, 5), 2, 32);
  for (int i = 0; i < samples; ++i) {
    Step s = Ask(fmt::format("sample{}", i + 1), Role::kWorker, {m.workers.front()});
    s.answers_client = true;
    s.temperature = m.request.temperature.value_or(0.7);
    s.seed_offset = i;
    s.checks = m.checks;
    s.optional = i > 0;
    Add(&plan, std::move(s));
  }
  Step vote = Ask("vote", Role::kSynthesizer, {});
  vote.method = Method::kVote;
  vote.access.steps = Range(0, samples);
  vote.sameness = SamenessOf(m);
  vote.quorum = m.settings.quorum;
  plan.answers = {Add(&plan, std::move(vote))};
  for (const StepId s : Range(0, samples)) plan.answers.push_back(s);
  return plan;
}

}  // namespace baton::workflow
