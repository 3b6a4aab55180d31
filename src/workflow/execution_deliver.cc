// The end of a run: whose output the client reads, what it cost, and what is said when it is not what the
// plan wanted.
#include <fmt/format.h>

#include <algorithm>

#include "chat/assemble.h"
#include "workflow/execution_live.h"

namespace baton::workflow {
namespace {

using Kind = chat::Event::Kind;

chat::Event Make(Kind kind) {
  chat::Event e;
  e.kind = kind;
  e.made = true;
  return e;
}

// A whole message as the events a stream would have had.
void PutMessage(const chat::Message& message, chat::Sink& sink) {
  std::int64_t calls = 0;
  for (const auto& p : message.parts) {
    if (const auto* t = std::get_if<chat::Text>(&p)) {
      chat::Event e = Make(Kind::kText);
      e.text = t->text;
      sink.Put(std::move(e));
    } else if (const auto* r = std::get_if<chat::Refusal>(&p)) {
      chat::Event e = Make(Kind::kRefusal);
      e.text = r->text;
      sink.Put(std::move(e));
    } else if (const auto* c = std::get_if<chat::ToolCall>(&p)) {
      chat::Event begin = Make(Kind::kToolCall);
      begin.index = calls;
      begin.tool = *c;
      begin.tool.arguments.clear();
      sink.Put(std::move(begin));
      chat::Event rest = Make(Kind::kToolArguments);
      rest.index = calls++;
      rest.text = c->arguments;
      sink.Put(std::move(rest));
    }
  }
}

}  // namespace

Task<void> Execution::Deliver() {
  if (suspended_) {
    Suspend();
  } else {
    Conclude();
  }
  if (!response_) co_return;
  response_->usage = TeamUsage();
  response_->degraded = degraded_;
  if (stream_) co_await Emit();
}

// The turn ends with all tool calls that steps wait for; their ids lead back to this run.
void Execution::Suspend() {
  HeldRun run;
  run.tenant = c_.permit.tenant();
  run.plan = plan_;
  run.mark = mark_;
  run.keep = c_.keep;
  chat::Response reply;
  chat::Choice& choice = reply.choices.emplace_back();
  choice.message.role = chat::Role::kAssistant;
  choice.finish = chat::Finish::kToolCalls;
  std::vector<std::pair<StepId, chat::ToolCall>> calls;
  for (StepId id = 0; id < static_cast<StepId>(plan_.steps.size()); ++id) {
    StepState& s = At(id);
    if (s.status != StepStatus::kAwaitsTool) continue;
    const chat::Message& message = s.response.choices.front().message;
    if (s.own.empty() || !(s.own.back() == message)) s.own.push_back(message);
    for (const auto& p : message.parts) {
      if (const auto* c = std::get_if<chat::ToolCall>(&p)) calls.emplace_back(id, *c);
    }
    answer_ = id;
    reply.id = s.response.id;
    reply.model = s.response.model;
    reply.created = s.response.created;
  }
  run.states = states_;
  // What has been paid for is this exchange's; the next one's record begins with its own calls.
  for (auto& s : run.states) s.calls.clear();
  if (token_.empty()) token_ = HeldTurns::NewToken();
  c_.held->Keep(token_, std::move(run));
  for (auto& [id, call] : calls) {
    call.id = ClientCallId(token_, id, call.id);
    choice.message.parts.emplace_back(std::move(call));
  }
  response_ = std::move(reply);
}

void Execution::Conclude() {
  // A case that lives on, or a person's no: what models have said meanwhile is not given in its place.
  if (last_word_) {
    response_ = *last_word_;
    return;
  }
  answer_ = ChooseAnswer(plan_, states_, true);
  // What the client has begun to read is the answer, whatever a check would have liked better.
  if (streaming_ != -1 && delivered_) answer_ = streaming_;
  if (answer_ >= 0 && At(answer_).done()) {
    if (const std::string why = c_.contract ? c_.contract->Objection(At(answer_)) : std::string();
        !why.empty()) {
      for (auto& s : states_) {
        for (auto& c : s.calls) c.winner = false;
      }
      response_ =
          Fail(Code::kBadUpstream,
               fmt::format("no answer kept the contract '{}': {}", c_.contract->name(), why.substr(0, 500)),
               "contract_broken");
      return;
    }
    degraded_ = WhyDegraded();
    if (plan_.audited)
      plan_.notes.push_back(fmt::format("audited: {} values were hidden from '{}' and put back",
                                        marks_.size(), At(answer_).worker ? At(answer_).worker->name : "-"));
    response_ = At(answer_).response;
    for (auto& s : states_) {
      for (auto& c : s.calls) c.winner = false;
    }
    const StepId from = At(answer_).from >= 0 ? At(answer_).from : answer_;
    for (auto c = At(from).calls.rbegin(); c != At(from).calls.rend(); ++c) {
      if (c->outcome != "ok" || c->why.starts_with("judge: ")) continue;
      c->winner = true;
      break;
    }
    return;
  }
  for (auto& s : states_) {
    for (auto& c : s.calls) c.winner = false;
  }
  // The error of the step whose answer was wanted most.
  for (const StepId a : plan_.answers) {
    if (At(a).error) {
      response_ = *At(a).error;
      return;
    }
  }
  for (const auto& s : states_) {
    if (s.error) {
      response_ = *s.error;
      return;
    }
  }
  if (std::string why; Over(&why)) {
    response_ =
        cancel_.fired() ? Fail(Code::kCancelled, why, "client_gone") : Fail(Code::kDeadline, why, "deadline");
    return;
  }
  response_ = Fail(Code::kUnavailable,
                   fmt::format("no step of workflow '{}' came to an answer", plan_.workflow), "no_answer");
}

// Why the answer is not the one the plan wanted most: a step before it in the list ran into trouble, or the
// checks rejected what there is.
std::string Execution::WhyDegraded() const {
  std::string out;
  const auto add = [&](StepId id, std::string_view what) {
    if (!out.empty()) out += "; ";
    out += fmt::format("step '{}' {}", StepOf(id).name, what);
    if (!At(id).why.empty()) out += ": " + At(id).why;
  };
  for (const StepId a : plan_.answers) {
    if (a == answer_) break;
    const StepState& s = At(a);
    if (s.status == StepStatus::kFailed) add(a, "failed");
    if (s.status == StepStatus::kDropped) add(a, "was dropped");
    if (s.done() && s.verdict == verify::Verdict::kReject) add(a, "was rejected");
  }
  if (At(answer_).verdict == verify::Verdict::kReject) add(answer_, "was rejected, and is the best there is");
  // An answer made from what others wrote is poorer when some of them could not.
  for (StepId id = 0; id < static_cast<StepId>(plan_.steps.size()); ++id) {
    const StepState& s = At(id);
    const bool answer = std::find(plan_.answers.begin(), plan_.answers.end(), id) != plan_.answers.end();
    if (!answer && s.status == StepStatus::kDropped) add(id, "was dropped");
  }
  return out.substr(0, 500);
}

// The answer's own figures, and in addition those of all other calls.
chat::Usage Execution::TeamUsage() const {
  chat::Usage all, own;
  for (const auto& s : states_) {
    for (const auto& c : s.calls) {
      chat::Usage& to = c.winner ? own : all;
      to.input += c.usage.input;
      to.cached_input += c.usage.cached_input;
      to.cache_write += c.usage.cache_write;
      to.output += c.usage.output;
      to.reasoning += c.usage.reasoning;
      to.audio_input += c.usage.audio_input;
      to.audio_output += c.usage.audio_output;
    }
  }
  own.orchestration_input = all.input;
  own.orchestration_cached_input = all.cached_input;
  own.orchestration_output = all.output;
  own.known = true;
  return own;
}

Task<void> Execution::Emit() {
  chat::Sink& sink = *c_.sink;
  const chat::Choice* choice = response_->choices.empty() ? nullptr : &response_->choices.front();
  if (!delivered_ || streaming_ != answer_) {
    const StepState& s = At(answer_);
    if (!heading_sent_ && s.worker)
      observer_.OnAnswering(*s.worker, s.losses, false, false, Duration::zero());
    chat::Event start = Make(Kind::kStart);
    start.id = response_->id;
    start.model = response_->model;
    start.created = response_->created;
    if (!delivered_) sink.Put(std::move(start));
    if (choice) PutMessage(choice->message, sink);
  }
  chat::Event finish = Make(Kind::kFinish);
  finish.finish = choice ? choice->finish : chat::Finish::kStop;
  finish.degraded = degraded_;
  sink.Put(std::move(finish));
  chat::Event usage = Make(Kind::kUsage);
  usage.usage = response_->usage;
  sink.Put(std::move(usage));
  delivered_ = true;
  (void)co_await sink.Flush();
}

}  // namespace baton::workflow
