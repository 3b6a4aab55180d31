// poll: several workers answer at once, independently; then a vote, a judge or a synthesis.
//
// Independent answers tell what no single one does: whether they agree. A vote costs nothing beyond the
// answers and can stop early, so it is the standard for questions with one right answer; a judge picks where
// answers cannot be compared by code; a synthesis writes a new answer from all, which suits open questions. A
// vote calls off those still running as soon as they could not change its outcome (or the quorum is reached):
// their answers would not be worth their price. The judge and the synthesis need all answers, and get those
// that came.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/flow_rows.h"
#include "workflow/flow_tools.h"

namespace baton::workflow {
namespace {

constexpr int kMostVoices = 9;

// What the next answers could still change is not worth their price to this caller. Sorted from cheap to
// dear, the voices behind that place are asked only while the ones before disagree.
std::size_t FirstWave(const Materials& m, std::size_t all) {
  // Who says what quality is worth wants answers asked for one after another; who does not wants them soon.
  const int first = m.settings.samples > 0 ? m.settings.samples : m.quality > 0 ? 2 : 0;
  return first > 0 ? std::min(static_cast<std::size_t>(first), all) : all;
}

}  // namespace

Result<Plan> BuildPoll(const Materials& m) {
  Plan plan;
  auto voices = m.workers;
  if (voices.size() > kMostVoices) voices.resize(kMostVoices);
  const std::size_t wave = FirstWave(m, voices.size());
  if (wave < voices.size()) voices = CheapFirst(std::move(voices), m.unix_seconds);
  StepId early = -1;
  for (std::size_t i = 0; i < voices.size(); ++i) {
    if (i == wave && wave >= 2) {
      Step count = Ask("count", Role::kSynthesizer, {});
      count.method = Method::kVote;
      count.access.steps = Range(0, static_cast<StepId>(wave));
      count.sameness = SamenessOf(m);
      early = Add(&plan, std::move(count));
    }
    Step voice = Ask(fmt::format("voice{}", i + 1), Role::kWorker, {voices[i]});
    voice.answers_client = true;
    voice.checks = m.checks;
    voice.optional = i > 0;
    // A first wave that agrees makes the second not worth its price.
    if (early >= 0) voice.when = {{Not(AtLeast(early, QuorumWorth(m, *voices[i])))}};
    Add(&plan, std::move(voice));
  }
  std::vector<StepId> all;
  for (StepId s = 0; s < static_cast<StepId>(plan.steps.size()); ++s) {
    if (s != early) all.push_back(s);
  }
  const std::string& how = m.settings.decide.empty() ? "vote" : m.settings.decide;
  if (how != "vote") {
    TRY(const pool::Worker* who, Named(m, how == "judge" ? m.settings.judge : m.settings.synthesizer));
    Step last =
        Ask(how, Role::kSynthesizer, First(who, m.workers),
            how == "judge"
                ? "Several answers to the conversation above stand here. Decide which is best: most "
                  "correct first, then most helpful. Reply with that answer alone, word for word, without "
                  "naming its author or your reasons."
                : "Several independent answers to the conversation above stand here. Write one answer that "
                  "is better than each: keep what is right, settle contradictions by checking, leave out "
                  "what is wrong. Reply with the answer alone, without mentioning that there were others.");
    last.access.steps = all;
    last.answers_client = true;
    last.optional = true;
    plan.answers.push_back(Add(&plan, std::move(last)));
  }
  Step vote = Ask("vote", Role::kSynthesizer, {});
  vote.method = Method::kVote;
  vote.access.steps = all;
  vote.sameness = SamenessOf(m);
  // Where a judge or a synthesis follows, the vote is what stands in for it, and waits for all.
  vote.quorum = how == "vote" ? m.settings.quorum : 0;
  if (how != "vote") vote.when = {{Not(Is(Clause::What::kAnswered, plan.answers.front()))}};
  plan.answers.push_back(Add(&plan, std::move(vote)));
  for (const StepId s : all) plan.answers.push_back(s);
  return plan;
}

}  // namespace baton::workflow
