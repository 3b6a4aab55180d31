// A step that asks a worker: whom it may ask, the call, the stream, the tools it calls on the way.
#include <fmt/format.h>

#include <algorithm>

#include "chat/assemble.h"
#include "workflow/continuation.h"
#include "workflow/execution_live.h"
#include "workflow/plan_check.h"
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
    *error =
        Fail(Code::kPermissionDenied,
             fmt::format("no worker of step '{}' may see data of class {}, which earlier steps brought in",
                         StepOf(id).name, fmt::join(classes, ", ")),
             "policy_violation");
  }
  return out;
}

// A plan of one step that calls no tools of the pool remembers nothing: the client's conversation is all
// there is.
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
    if (Ended(id) == StepStatus::kDone && !CallsIn(At(id).response).empty())
      co_await RunTools(id, &request, &again);
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
      if (tokens < step.commit_tokens || confidence < step.commit_confidence || streaming_ != -1)
        return false;
      streaming_ = id;
      heading_sent_ = true;
      plan_.notes.push_back(
          fmt::format("step '{}' committed after {} tokens at {:.2f}", step.name, tokens, confidence));
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
  if (open && !outcome->response && outcome->delivered && c_.continue_streams)
    co_await MendStream(id, *request, outcome);
  // Nothing reached the client: another step may still have its stream.
  if (open && !outcome->response && !outcome->delivered) streaming_ = -1;
}

// The answer broke off while the client was reading it.
Task<void> Execution::MendStream(StepId id, const chat::Request& request, pool::CallOutcome* outcome) {
  Error error;
  Broken broken{request,
                {},
                outcome->partial,
                outcome->response.error(),
                &*stream_,
                LiveOf(id).lease.get(),
                &LiveOf(id).cancel,
                c_.retry};
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
    At(id).error =
        Fail(Code::kUnavailable,
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

}  // namespace baton::workflow
