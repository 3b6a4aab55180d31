// What a step's output is worth: votes, picks, checks, plans that planners wrote, data classes.
#include <fmt/format.h>

#include <algorithm>

#include "rails/classifier.h"
#include "verify/agreement.h"
#include "workflow/execution_live.h"
#include "workflow/judge.h"
#include "workflow/plan_check.h"
#include "workflow/plan_text.h"
#include "workflow/step_request.h"

namespace baton::workflow {
namespace {

void Append(std::vector<pool::CallRecord>* to, std::vector<pool::CallRecord> from) {
  std::move(from.begin(), from.end(), std::back_inserter(*to));
}

}  // namespace

void Execution::Vote(StepId id) {
  std::vector<std::string_view> votes;
  std::vector<StepId> of;
  for (const StepId s : Sees(plan_, id)) {
    if (!At(s).done()) continue;
    votes.push_back(At(s).text);
    of.push_back(s);
  }
  const verify::Groups groups = verify::Group(votes, StepOf(id).sameness);
  StepState& state = At(id);
  if (groups.representative < 0) {
    End(id, StepStatus::kFailed);
    state.why = "the votes cannot be read";
    return;
  }
  TakeFrom(id, of[static_cast<std::size_t>(groups.representative)]);
  state.confidence = groups.agreement;
  state.why = fmt::format("{} of {} agree", groups.sizes.front(), votes.size());
  End(id, StepStatus::kDone);
  for (const StepId s : of) state.classes.insert(At(s).classes.begin(), At(s).classes.end());
}

void Execution::TakeFrom(StepId id, StepId from) {
  StepState& to = At(id);
  const StepState& chosen = At(from);
  to.from = chosen.from >= 0 ? chosen.from : from;
  to.text = chosen.text;
  to.response = chosen.response;
  to.worker = chosen.worker;
  to.losses = chosen.losses;
  End(id, StepStatus::kDone);
}

void Execution::Pick(StepId id) {
  StepId best = -1;
  for (const StepId s : StepOf(id).access.steps) {
    if (!At(s).done()) continue;
    if (best < 0) best = s;
    if (At(s).verdict == verify::Verdict::kReject) continue;
    best = s;
    break;
  }
  if (best < 0) {
    End(id, StepStatus::kFailed);
    return;
  }
  TakeFrom(id, best);
  At(id).verdict = At(best).verdict;
  At(id).confidence = At(best).confidence;
  At(id).why = "that of " + StepOf(best).name;
}

// Checks, in order; the first that rejects ends them. What it costs to ask a judge is in the step's lease.
Task<void> Execution::Verify(StepId id) {
  if (StepOf(id).role == Role::kVerifier) At(id).verdict = ReadVerdict(At(id).text);
  if (const StepId judged = StepOf(id).judges; judged >= 0 && At(id).verdict == verify::Verdict::kReject) {
    At(judged).verdict = verify::Verdict::kReject;
    At(judged).why = fmt::format("rejected by step '{}'", StepOf(id).name);
  }
  if (At(id).verdict == verify::Verdict::kReject || StepOf(id).checks.empty()) co_return;
  const std::string question = QuestionOf(c_.client);
  Judge judge(c_.pool, StepOf(id).judge, LiveOf(id).lease.get(), &LiveOf(id).cancel, c_.retry);
  const verify::Context context{loop_, c_.permit.deadline(), &LiveOf(id).cancel,
                                StepOf(id).judge ? &judge : nullptr};
  verify::Subject subject;
  subject.question = question;
  subject.answer = At(id).text;
  subject.request = &c_.client;
  subject.response = &At(id).response;
  for (StepId s = 0; s < static_cast<StepId>(plan_.steps.size()); ++s) {
    if (s != id && At(s).done() && StepOf(s).role == Role::kWorker) subject.others.push_back(At(s).text);
  }
  Belief belief;
  for (const auto& check : StepOf(id).checks) {
    const verify::Judgement j = co_await check->Check(subject, context);
    belief.Add(*check, j);
    At(id).why += fmt::format("{}{}: {}{}{}", At(id).why.empty() ? "" : "; ", check->name(),
                              verify::VerdictName(j.verdict), j.reason.empty() ? "" : ", ", j.reason);
    if (!j.evidence.empty()) At(id).evidence = j.evidence;
    if (j.verdict != verify::Verdict::kUnknown) At(id).verdict = j.verdict;
    if (j.verdict == verify::Verdict::kReject) break;
  }
  At(id).confidence = belief.confidence();
  Append(&At(id).calls, judge.TakeCalls());
}

void Execution::Plan_(StepId id) {
  const Step& step = StepOf(id);
  const auto most = std::min(static_cast<std::size_t>(step.max_planned), kMaxSteps - plan_.steps.size());
  auto written = ParseLists(At(id).text, most);
  if (!written) {
    At(id).verdict = verify::Verdict::kReject;
    At(id).why = written.error().message;
    return;
  }
  if (written->empty()) {
    At(id).why = "keeps what there is";
    At(id).verdict = verify::Verdict::kAccept;
    return;
  }
  Plan longer = plan_;
  Status fine = AppendWritten(*written, step.planned_workers, step.name + ".", &longer);
  if (fine) fine = Check(longer, c_.permit, plan_.steps.size());
  if (!fine) {
    At(id).verdict = verify::Verdict::kReject;
    At(id).why = "the plan is refused: " + fine.error().message;
    return;
  }
  for (std::size_t i = plan_.steps.size(); i < longer.steps.size(); ++i)
    plan_.steps.push_back(std::move(longer.steps[i]));
  plan_.answers = std::move(longer.answers);
  states_.resize(plan_.steps.size());
  At(id).verdict = verify::Verdict::kAccept;
  At(id).why = fmt::format("a plan of {} steps", written->size());
}

void Execution::Classify(StepId id) {
  StepState& s = At(id);
  for (const StepId seen : Sees(plan_, id)) {
    if (At(seen).done()) s.classes.insert(At(seen).classes.begin(), At(seen).classes.end());
  }
  if (!c_.classifier) return;
  const rails::Classification found = c_.classifier->ClassifyText(s.text);
  s.classes.insert(found.classes.begin(), found.classes.end());
}

}  // namespace baton::workflow
