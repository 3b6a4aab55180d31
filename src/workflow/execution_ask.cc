// One step's work: ask a worker, call its tools, check what came.
#include <fmt/format.h>

#include <algorithm>

#include "chat/assemble.h"
#include "human/answer.h"
#include "human/transcript.h"
#include "verify/agreement.h"
#include "workflow/continuation.h"
#include "workflow/execution_live.h"
#include "workflow/judge.h"
#include "workflow/plan_check.h"
#include "workflow/plan_text.h"
#include "workflow/step_request.h"

namespace baton::workflow {
namespace {

// Longest output that other steps see and that is kept: bytes.
constexpr std::size_t kMostText = 1024 * 1024;
constexpr std::size_t kMostToolResult = 8 * 1024;

const chat::Message* FirstMessage(const chat::Response& r) {
  return r.choices.empty() ? nullptr : &r.choices.front().message;
}

std::vector<const chat::ToolCall*> CallsIn(const chat::Response& r) {
  std::vector<const chat::ToolCall*> out;
  const chat::Message* m = FirstMessage(r);
  if (!m) return out;
  for (const auto& p : m->parts) {
    if (const auto* c = std::get_if<chat::ToolCall>(&p)) out.push_back(c);
  }
  return out;
}

bool Refused(const chat::Response& r) {
  const chat::Message* m = FirstMessage(r);
  if (!m) return false;
  const chat::Finish f = r.choices.front().finish;
  if (f == chat::Finish::kRefusal || f == chat::Finish::kContentFilter) return true;
  return std::any_of(m->parts.begin(), m->parts.end(),
                     [](const chat::Part& p) { return std::holds_alternative<chat::Refusal>(p); });
}

void Append(std::vector<pool::CallRecord>* to, std::vector<pool::CallRecord> from) {
  std::move(from.begin(), from.end(), std::back_inserter(*to));
}

// The reply's head, kept until the rule says that this answer will be the client's.
struct HeadingKeeper : pool::CallObserver {
  void OnAnswering(const pool::Worker& w, const std::vector<provider::Loss>& l, bool, bool injected,
                   Duration in) override {
    worker = &w;
    losses = l;
    injected_usage = injected;
    in_worker = in;
  }
  const pool::Worker* worker = nullptr;
  std::vector<provider::Loss> losses;
  bool injected_usage = false;
  Duration in_worker{};
};

}  // namespace

// Whom the step may ask: in the permit, and allowed to see what the step sees.
std::vector<const pool::Worker*> Execution::MayAsk(StepId id, Error* error) const {
  std::set<rails::DataClass> classes = c_.permit.data().classes;
  for (const StepId s : Sees(plan_, id)) {
    if (At(s).done()) classes.insert(At(s).classes.begin(), At(s).classes.end());
  }
  std::vector<const pool::Worker*> out;
  const bool hidden = StepOf(id).redact;
  for (const auto* w : StepOf(id).workers) {
    if (hidden ? c_.permit.Allows(*w) : c_.permit.Allows(*w, classes)) out.push_back(w);
  }
  if (out.empty()) {
    *error = Fail(Code::kPermissionDenied,
                  fmt::format("no worker of step '{}' may see data of class {}, which earlier steps brought in",
                              StepOf(id).name, fmt::join(classes, ", ")),
                  "policy_violation");
  }
  return out;
}

// A plan of one step that calls no tools of the pool remembers nothing: the client's conversation is all there is.
bool Execution::Alone(StepId id) const {
  return plan_.steps.size() == 1 && StepOf(id).tools.empty();
}

Task<void> Execution::Ask(StepId id) {
  chat::Request request = MakeRequest({c_.client, plan_, states_, id, mark_});
  if (StepOf(id).redact && c_.classifier) Redact(*c_.classifier, &marks_, &request);
  if (!StepOf(id).tools.empty()) {
    co_await tools_.Learn(StepOf(id).tools, &LiveOf(id).cancel, &plan_.notes);
    for (auto& tool : tools_.List(StepOf(id).tools)) request.tools.push_back(std::move(tool));
  }
  for (bool again = true; again;) {
    again = false;
    pool::CallOutcome outcome;
    co_await AskOnce(id, &request, &outcome);
    Take(id, std::move(outcome));
    if (Ended(id) == StepStatus::kDone && !CallsIn(At(id).response).empty()) co_await RunTools(id, &request, &again);
  }
}

Task<void> Execution::AskOnce(StepId id, chat::Request* request, pool::CallOutcome* outcome) {
  Live& live = LiveOf(id);
  Error error;
  pool::CallSpec spec;
  spec.candidates = MayAsk(id, &error);
  if (spec.candidates.empty()) {
    outcome->response = std::move(error);
    co_return;
  }
  const bool remembers = StepOf(id).client_tools && !Alone(id) && c_.held;
  // Beside others that may ask for tools too, the turn's calls are put together at its end.
  const bool streams = StreamsNow(id) && !(remembers && running_ > 1);
  HeadingKeeper keeper;
  if (streams) {
    streaming_ = id;
    spec.sink = &*stream_;
    if (remembers) {
      token_ = HeldTurns::NewToken();
      stream_->rename_call = [this, id](const std::string& own) { return ClientCallId(token_, id, own); };
    }
  } else if (StepOf(id).commit_tokens > 0 && stream_ && streaming_ == -1) {
    const auto commit = [this, id, &keeper](int tokens, double confidence) {
      const Step& step = StepOf(id);
      if (tokens < step.commit_tokens || confidence < step.commit_confidence || streaming_ != -1) return false;
      streaming_ = id;
      heading_sent_ = true;
      plan_.notes.push_back(fmt::format("step '{}' committed after {} tokens at {:.2f}", step.name, tokens,
                                        confidence));
      if (keeper.worker)
        observer_.OnAnswering(*keeper.worker, keeper.losses, false, keeper.injected_usage, keeper.in_worker);
      return true;
    };
    live.commit.emplace(*stream_, commit);
    spec.sink = &*live.commit;
  }
  std::int64_t cap = 0;
  for (const auto* w : spec.candidates) cap = std::max(cap, OutputCap(StepOf(id), *w, c_.client));
  request->max_tokens = live.cap > 0 ? std::min(live.cap, cap) : cap;
  request->stream = spec.sink != nullptr;
  spec.request = request;
  spec.lease = live.lease.get();
  spec.input_tokens = EstimateInput(*request);
  spec.cancel = &live.cancel;
  spec.retry = c_.retry;
  pool::CallObserver* observer = nullptr;
  if (streams) observer = &observer_;
  if (live.commit) observer = &keeper;
  *outcome = co_await c_.pool.Chat(spec, observer);
  const bool open = streams || (live.commit && live.commit->open());
  if (open) delivered_ |= outcome->delivered || outcome->response.has_value();
  if (open) heading_sent_ |= outcome->delivered || outcome->response.has_value();
  if (open && !outcome->response && outcome->delivered) co_await MendStream(id, *request, outcome);
  // Nothing reached the client: another step may still have its stream.
  if (open && !outcome->response && !outcome->delivered) streaming_ = -1;
}

// The answer broke off while the client was reading it.
Task<void> Execution::MendStream(StepId id, const chat::Request& request, pool::CallOutcome* outcome) {
  Error error;
  Broken broken{request, {}, outcome->partial, outcome->response.error(), &*stream_, LiveOf(id).lease.get(),
                &LiveOf(id).cancel, c_.retry};
  for (const auto* w : MayAsk(id, &error)) {
    if (w != outcome->worker) broken.others.push_back(w);
  }
  if (!Continuable(broken)) co_return;
  for (auto& c : outcome->calls) c.winner = false;
  Continued rest = co_await Continue(std::move(broken), c_.pool);
  Append(&outcome->calls, std::move(rest.calls));
  outcome->response = std::move(rest.response);
  if (outcome->response) outcome->worker = rest.worker;
}

void Execution::Take(StepId id, pool::CallOutcome outcome) {
  StepState& s = At(id);
  Append(&s.calls, std::move(outcome.calls));
  s.worker = outcome.worker;
  s.losses = std::move(outcome.losses);
  if (!outcome.response) {
    s.error = std::move(outcome.response).error();
    s.why = s.error->message;
    End(id, StepStatus::kFailed);
    return;
  }
  s.response = std::move(*outcome.response);
  s.response.raw.clear();
  End(id, StepStatus::kDone);
  const chat::Message* message = FirstMessage(s.response);
  s.text = message ? chat::TextOf(*message) : std::string();
  if (StepOf(id).redact) {
    s.text = marks_.Restore(s.text);
    for (auto& choice : s.response.choices) {
      for (auto& p : choice.message.parts) {
        if (auto* t = std::get_if<chat::Text>(&p)) t->text = marks_.Restore(t->text);
        if (auto* c = std::get_if<chat::ToolCall>(&p)) c->arguments = marks_.Restore(c->arguments);
      }
    }
  }
  if (s.text.size() > kMostText) s.text.resize(kMostText);
  if (Refused(s.response)) {
    s.verdict = verify::Verdict::kReject;
    s.why = "the worker refused";
  } else if (s.text.empty() && CallsIn(s.response).empty()) {
    s.verdict = verify::Verdict::kReject;
    s.why = "the answer is empty";
  }
}

// Calls of tools of the pool are made here and the step is asked again; the client's end its turn.
Task<void> Execution::RunTools(StepId id, chat::Request* request, bool* again) {
  const Step& step = StepOf(id);
  std::vector<chat::ToolCall> mine;
  std::size_t all = 0;
  for (const auto* call : CallsIn(At(id).response)) {
    ++all;
    if (tools_.Owner(step.tools, call->name)) mine.push_back(*call);
  }
  if (mine.empty() || mine.size() != all) {
    // The plain route's way where nothing has to be remembered: the calls are the answer.
    if (!Alone(id) && step.client_tools && c_.held && mine.size() != all) End(id, StepStatus::kAwaitsTool);
    co_return;
  }
  if (At(id).tool_turns++ >= step.tool_rounds) {
    End(id, StepStatus::kFailed);
    At(id).error = Fail(Code::kUnavailable,
                        fmt::format("step '{}' still asks for tools after {} turns", step.name, step.tool_rounds),
                        "tool_rounds_spent");
    At(id).why = At(id).error->message;
    co_return;
  }
  std::vector<chat::Message> turn = {*FirstMessage(At(id).response)};
  for (const auto& call : mine) {
    pool::CallRecord record;
    chat::ToolResult result = co_await tools_.Call(step.tools, call, LiveOf(id).lease.get(),
                                                           c_.permit.deadline(), &LiveOf(id).cancel, &record);
    At(id).calls.push_back(std::move(record));
    for (auto& part : result.content) {
      auto* text = std::get_if<chat::Text>(&part);
      if (text && text->text.size() > kMostToolResult) text->text.resize(kMostToolResult);
    }
    chat::Message message;
    message.role = chat::Role::kTool;
    message.parts.emplace_back(std::move(result));
    turn.push_back(std::move(message));
  }
  for (auto& m : turn) {
    request->messages.push_back(m);
    At(id).own.push_back(std::move(m));
  }
  *again = !cancel_.fired();
}

// One tool, arguments from the plan.
Task<void> Execution::CallTool(StepId id) {
  StepState& s = At(id);
  auto arguments = FillArguments(StepOf(id).arguments, {c_.client, plan_, states_, id, mark_});
  Error error;
  if (arguments && MayAsk(id, &error).empty()) arguments = std::move(error);
  if (!arguments) {
    End(id, StepStatus::kFailed);
    s.error = std::move(arguments).error();
    s.why = s.error->message;
    co_return;
  }
  chat::ToolCall call;
  call.id = "step";
  call.name = StepOf(id).tool;
  call.arguments = std::move(*arguments);
  pool::CallRecord record;
  chat::ToolResult result =
      co_await tools_.Call(StepOf(id).workers, call, LiveOf(id).lease.get(), c_.permit.deadline(),
                                   &LiveOf(id).cancel, &record);
  s.calls.push_back(std::move(record));
  s.worker = StepOf(id).workers.front();
  for (const auto& part : result.content) {
    if (const auto* text = std::get_if<chat::Text>(&part)) s.text += text->text;
  }
  if (s.text.size() > kMostText) s.text.resize(kMostText);
  End(id, result.is_error ? StepStatus::kFailed : StepStatus::kDone);
  if (result.is_error) {
    s.why = "the tool reports an error";
    s.error = Fail(Code::kUnavailable, fmt::format("tool '{}' failed", call.name), "tool_failed");
  }
}

Task<void> Execution::Hand(StepId id) {
  StepState& s = At(id);
  End(id, StepStatus::kFailed);  // unless a person answers
  if (!c_.desk) {
    s.error = Fail(Code::kUnsupported, "there is no human queue here", "no_human_desk");
    s.why = s.error->message;
    co_return;
  }
  human::Case work;
  work.exchange = static_cast<ExchangeId>(c_.exchange);
  work.tenant = c_.permit.tenant();
  work.model = c_.client.model;
  work.reason = StepOf(id).instruction;
  work.route = c_.route;
  work.workflow = plan_.workflow;
  work.step = StepOf(id).name;
  work.data_classes.assign(c_.permit.data().classes.begin(), c_.permit.data().classes.end());
  work.transcript = human::Transcript(c_.client.messages);
  for (const StepId seen : Sees(plan_, id)) {
    if (At(seen).done()) work.draft = At(seen).text;
  }
  const Deadline wait = c_.permit.deadline().Earlier(Deadline(loop_.Now() + c_.desk->rules().wait));
  Result<human::Resolution> got = co_await c_.desk->Ask(loop_, std::move(work), wait, &LiveOf(id).cancel);
  if (!got) {
    s.error = std::move(got).error();
    s.why = s.error->message;
    co_return;
  }
  Resolve(id, std::move(*got));
}

void Execution::Resolve(StepId id, human::Resolution end) {
  StepState& s = At(id);
  using Kind = human::Resolution::Kind;
  if (end.kind == Kind::kAnswered) {
    End(id, StepStatus::kDone);
    s.verdict = verify::Verdict::kAccept;
    s.why = "answered by " + end.by;
    s.text = end.text;
    s.response = human::AnswerOf(std::move(end.text), c_.client.model, unix_seconds_);
    return;
  }
  if (end.kind == Kind::kPending) {
    pending_case_ = end.case_id;
    s.why = "a person will answer later";
    s.error = Fail(Code::kUnavailable, fmt::format("a person has to look at this request; its case is {}", end.case_id),
                   "human_pending");
    last_word_ = s.error;
  } else if (end.kind == Kind::kRejected) {
    s.why = "rejected by a person: " + end.text;
    s.error = Fail(Code::kPermissionDenied, "a person has looked at this request and declined it: " + end.text,
                   "human_rejected");
    last_word_ = s.error;
  } else {
    s.why = "nobody came in time";
    s.error = Fail(Code::kUnavailable, "this request needed a person, and nobody came in time", "human_expired");
  }
}

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
