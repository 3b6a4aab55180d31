#include "workflow/execution.h"

#include <fmt/format.h>

#include <algorithm>

#include "verify/agreement.h"
#include "workflow/execution_live.h"
#include "workflow/plan_check.h"
#include "workflow/step_request.h"

namespace baton::workflow {

Execution::Execution(RunContext context, Plan plan, std::vector<StepState> states)
    : c_(std::move(context)),
      loop_(c_.pool.loop()),
      plan_(std::move(plan)),
      states_(std::move(states)),
      cancel_(c_.cancel),
      changed_(loop_),
      group_(loop_),
      tools_(c_.pool),
      unix_seconds_(loop_.clock().UnixNanos() / 1'000'000'000) {
  plan_.steps.reserve(kMaxSteps);
  states_.reserve(kMaxSteps);
  states_.resize(plan_.steps.size());
  mark_ = DrawMark(c_.seed, states_);
  if (c_.sink) stream_.emplace(*c_.sink);
  observer_.to = c_.observer;
  NoteLosses();
}

void Execution::Teller::OnAnswering(const pool::Worker& worker, const std::vector<provider::Loss>& lost,
                                    bool passthrough, bool injected_usage, Duration in_worker) {
  if (!to) return;
  std::vector<provider::Loss> all = lost;
  all.insert(all.end(), losses.begin(), losses.end());
  to->OnAnswering(worker, all, passthrough, injected_usage, in_worker);
}

// A team gives one answer, and only steps that may call the client's tools are shown them.
void Execution::NoteLosses() {
  using How = provider::Loss::How;
  if (c_.client.n.value_or(1) > 1)
    observer_.losses.push_back({"n", How::kDropped, "a workflow gives one answer"});
  const bool tools =
      std::any_of(plan_.steps.begin(), plan_.steps.end(), [](const Step& s) { return s.client_tools; });
  if (!c_.client.tools.empty() && !tools) {
    observer_.losses.push_back(
        {"tools", How::kDropped, "no step of workflow '" + plan_.workflow + "' may call the client's tools"});
  }
}

Execution::~Execution() = default;

Task<void> Execution::Run(Chooser* chooser) {
  chosen_ = chooser != nullptr;
  if (Status funded = ReserveRequired(); !funded) {
    response_ = std::move(funded).error();
    co_return;
  }
  for (std::size_t turns = 0;;) {
    while (Advance()) {
    }
    if (running_ > 0 && !Done()) {
      (void)co_await changed_.Wait();
      continue;
    }
    suspended_ = running_ == 0 && AwaitsTools() && !Done();
    if (suspended_ || running_ > 0 || !chooser || turns++ == kMaxSteps) break;
    const std::size_t before = plan_.steps.size();
    co_await Choose(*chooser);
    if (plan_.steps.size() == before) break;
  }
  // A run that waits for the client's tools goes on later: what waits in it still waits.
  if (!suspended_) CallOff("the answer is there");
  co_await group_.Join();
  co_await Deliver();
  live_.clear();
}

void Execution::End(StepId id, StepStatus status) {
  LiveOf(id).end = status;
}
StepStatus Execution::Ended(StepId id) {
  return LiveOf(id).end;
}

// One pass over the steps that wait. True: something has settled, so that others may be able to start.
bool Execution::Advance() {
  bool settled = false;
  for (StepId id = 0; id < static_cast<StepId>(plan_.steps.size()); ++id) {
    if (At(id).status != StepStatus::kWaiting) continue;
    if (std::string why; Over(&why)) {
      settled |= Settle(id, StepStatus::kCalledOff, std::move(why));
      continue;
    }
    if (Done()) {
      settled |= Settle(id, StepStatus::kSkipped, "the answer is there");
      continue;
    }
    if (StepOf(id).method == Method::kVote) {
      settled |= AdvanceVote(id);
      continue;
    }
    const auto waits = WaitsFor(plan_, id);
    const std::optional<bool> holds = Holds(StepOf(id).when, Now());
    if (holds && !*holds) {
      settled |= Settle(id, StepStatus::kSkipped, "not so that " + Describe(StepOf(id).when, plan_));
      continue;
    }
    if (StepOf(id).sees_result && !Decided(plan_, states_)) continue;
    if (!std::all_of(waits.begin(), waits.end(), [&](StepId s) { return At(s).settled(); })) continue;
    if (NothingToSee(id)) {
      settled |= Settle(id, StepStatus::kSkipped, "nothing it works on has an output");
      continue;
    }
    Start(id);
    settled |= At(id).settled();
  }
  return settled;
}

bool Execution::Settle(StepId id, StepStatus status, std::string why) {
  At(id).status = status;
  At(id).why = std::move(why);
  LiveOf(id).lease.reset();
  return true;
}

// A vote may be over before all have voted: when the quorum is reached, or when those still out could not
// change it. Those who still run are then called off.
bool Execution::AdvanceVote(StepId id) {
  const Step& step = StepOf(id);
  const std::optional<bool> holds = Holds(step.when, Now());
  if (!holds) return false;
  if (!*holds) return Settle(id, StepStatus::kSkipped, "not so that " + Describe(step.when, plan_));
  std::vector<std::string_view> votes;
  int out = 0;
  for (const StepId s : Sees(plan_, id)) {
    if (At(s).done()) votes.push_back(At(s).text);
    out += !At(s).settled();
  }
  if (out > 0) {
    if (votes.size() < 2) return false;
    const verify::Groups groups = verify::Group(votes, step.sameness);
    const int lead = groups.sizes.empty() ? 0 : groups.sizes[0];
    const int next = groups.sizes.size() > 1 ? groups.sizes[1] : 0;
    const auto all = static_cast<double>(votes.size() + static_cast<std::size_t>(out));
    const bool quorum = step.quorum > 0 && lead / all >= step.quorum;
    if (!quorum && lead <= next + out) return false;
    for (const StepId s : Sees(plan_, id)) {
      if (At(s).settled()) continue;
      if (At(s).status == StepStatus::kWaiting) Settle(s, StepStatus::kCalledOff, "the vote is decided");
      LiveOf(s).called_off = true;
      LiveOf(s).cancel.Fire(Cancel::Why::kLostRace);
    }
  }
  if (votes.empty()) return Settle(id, StepStatus::kSkipped, "nobody voted");
  At(id).began = loop_.Now();
  Vote(id);
  At(id).status = Ended(id);
  At(id).ended = loop_.Now();
  return true;
}

bool Execution::Over(std::string* why) const {
  if (last_word_) {
    *why = "a person has the last word";
    return true;
  }
  if (cancel_.fired()) {
    *why = "the client has left";
    return true;
  }
  if (c_.permit.deadline().Passed(loop_.Now())) {
    *why = "the request's time ran out";
    return true;
  }
  return false;
}

bool Execution::NothingToSee(StepId id) const {
  const Step& step = StepOf(id);
  if (step.item && At(step.item->list).done()) {
    const auto items = ItemsOf(At(step.item->list).text, kMaxSteps);
    if (step.item->index >= static_cast<int>(items.size())) return true;
  } else if (step.item) {
    return true;
  }
  if (step.access.steps.empty()) return false;
  return std::none_of(step.access.steps.begin(), step.access.steps.end(),
                      [&](StepId s) { return At(s).done(); });
}

Progress Execution::Now() const {
  Progress p{plan_, states_, c_.permit.lease().usd_left(), c_.permit.deadline().Left(loop_.Now())};
  return p;
}

// The step's output goes to the client as it is produced: it is the best answer there can still be, and
// nothing that could retract it is left to happen.
bool Execution::StreamsNow(StepId id) const {
  if (!stream_ || streaming_ != -1 || chosen_) return false;
  const Step& step = StepOf(id);
  if (!step.checks.empty() || step.redact || step.role == Role::kVerifier || MayLookAgain()) return false;
  for (const StepId a : plan_.answers) {
    if (a == id) return true;
    const StepState& s = At(a);
    if (!s.settled() || (s.done() && s.verdict != verify::Verdict::kReject)) return false;
  }
  return false;
}

void Execution::Start(StepId id) {
  std::string why;
  if (TimeIsShort(StepOf(id), &why)) {
    Settle(id, StepStatus::kDropped, std::move(why));
    return;
  }
  if (!Fund(id)) return;
  At(id).status = StepStatus::kRunning;
  ++running_;
  group_.Spawn(RunStep(id));
}

// The wrapper around every step.
Task<void> Execution::RunStep(StepId id) {
  At(id).began = loop_.Now();
  switch (StepOf(id).method) {
    case Method::kAsk:
      co_await Ask(id);
      break;
    case Method::kTool:
      co_await CallTool(id);
      break;
    case Method::kHand:
      co_await Hand(id);
      break;
    case Method::kPick:
      Pick(id);
      break;
    case Method::kVote:
      break;
  }
  if (Ended(id) == StepStatus::kDone) {
    co_await Verify(id);
    Classify(id);
    if (StepOf(id).max_planned > 0) Plan_(id);
  }
  if (Ended(id) == StepStatus::kFailed && LiveOf(id).called_off) End(id, StepStatus::kCalledOff);
  // Only now: a step whose checks still run has not settled, and nobody may act on its output.
  At(id).status = Ended(id);
  At(id).ended = loop_.Now();
  longest_ = std::max(longest_, At(id).ended - At(id).began);
  LiveOf(id).lease.reset();
  --running_;
  changed_.Set();
}

Task<void> Execution::Choose(Chooser& chooser) {
  const Progress progress = Now();
  NextSteps next = co_await chooser.Next(progress);
  if (next.steps.empty()) co_return;
  Plan longer = plan_;
  for (auto& s : next.steps) longer.steps.push_back(std::move(s));
  if (!next.answers.empty()) longer.answers = std::move(next.answers);
  const std::size_t from = plan_.steps.size();
  if (Status fine = Check(longer, c_.permit, from); !fine) {
    plan_.notes.push_back("refused: " + fine.error().message);
    co_return;
  }
  plan_.steps.reserve(kMaxSteps);
  for (std::size_t i = from; i < longer.steps.size(); ++i) plan_.steps.push_back(std::move(longer.steps[i]));
  plan_.answers = std::move(longer.answers);
  states_.resize(plan_.steps.size());
  chosen_from_ = static_cast<StepId>(from);
  if (!next.reason.empty()) plan_.notes.push_back(std::move(next.reason));
}

// The client has begun to read a step's output, and that step is over: nothing may take its place any more.
bool Execution::Committed() const {
  return streaming_ != -1 && delivered_ && At(streaming_).settled();
}

// A planner is still to see the result, and may want another.
bool Execution::MayLookAgain() const {
  for (StepId id = 0; id < static_cast<StepId>(plan_.steps.size()); ++id) {
    if (StepOf(id).sees_result && !At(id).settled()) return true;
  }
  return false;
}

bool Execution::Done() const {
  for (StepId id = chosen_from_; id < static_cast<StepId>(states_.size()); ++id) {
    if (!At(id).settled()) return Committed();
  }
  return Committed() || (Decided(plan_, states_) && !MayLookAgain());
}

bool Execution::AwaitsTools() const {
  return std::any_of(states_.begin(), states_.end(),
                     [](const StepState& s) { return s.status == StepStatus::kAwaitsTool; });
}

void Execution::CallOff(const char* why) {
  for (StepId id = 0; id < static_cast<StepId>(plan_.steps.size()); ++id) {
    if (At(id).status == StepStatus::kWaiting) Settle(id, StepStatus::kSkipped, why);
    if (At(id).status != StepStatus::kRunning) continue;
    At(id).why = why;
    LiveOf(id).called_off = true;
    LiveOf(id).cancel.Fire(Cancel::Why::kLostRace);
  }
}

}  // namespace baton::workflow
