// Steps whose work no language model does: a tool of the pool, a person.
#include <fmt/format.h>

#include "human/answer.h"
#include "human/transcript.h"
#include "workflow/execution_live.h"
#include "workflow/plan_check.h"
#include "workflow/step_request.h"

namespace baton::workflow {
namespace {

constexpr std::size_t kMostText = 1024 * 1024;  // bytes of a tool's output that are kept

}  // namespace

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
  chat::ToolResult result = co_await tools_.Call(StepOf(id).workers, call, LiveOf(id).lease.get(),
                                                 c_.permit.deadline(), &LiveOf(id).cancel, &record);
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
  // A queue keeps what it shows: keys and passwords are none of a reviewer's business.
  work.transcript = human::Transcript(
      c_.classifier ? rails::WithoutSecrets(*c_.classifier, c_.client).messages : c_.client.messages);
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
    s.error = Fail(Code::kUnavailable,
                   fmt::format("a person has to look at this request; its case is {}", end.case_id),
                   "human_pending");
    last_word_ = s.error;
  } else if (end.kind == Kind::kRejected) {
    s.why = "rejected by a person: " + end.text;
    s.error = Fail(Code::kPermissionDenied,
                   "a person has looked at this request and declined it: " + end.text, "human_rejected");
    last_word_ = s.error;
  } else {
    s.why = "nobody came in time";
    s.error =
        Fail(Code::kUnavailable, "this request needed a person, and nobody came in time", "human_expired");
  }
}

}  // namespace baton::workflow
