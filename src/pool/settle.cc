#include "pool/settle.h"

#include <algorithm>
#include <variant>

namespace baton::pool {
namespace {

constexpr std::int64_t kCharsPerToken = 4;

std::int64_t Chars(const chat::Part& part) {
  const auto size = [](const std::string& s) { return static_cast<std::int64_t>(s.size()); };
  if (const auto* t = std::get_if<chat::Text>(&part)) return size(t->text);
  if (const auto* r = std::get_if<chat::Reasoning>(&part)) return size(r->text);
  if (const auto* r = std::get_if<chat::Refusal>(&part)) return size(r->text);
  if (const auto* c = std::get_if<chat::ToolCall>(&part)) return size(c->name) + size(c->arguments);
  return 0;
}

// Who left, or what ended it from our side.
Ending NameCancel(Cancel::Why why, Error* error) {
  switch (why) {
    case Cancel::Why::kDeadline:
      *error = Fail(Code::kDeadline, "the request's time ran out", "deadline");
      return Ending::kDeadline;
    case Cancel::Why::kLostRace:
      *error = LostRace();
      return Ending::kLostRace;
    case Cancel::Why::kShutdown:
      *error = Fail(Code::kCancelled, "the server is shutting down", "shutdown");
      return Ending::kCancelled;
    case Cancel::Why::kNot:
    case Cancel::Why::kClientGone:
      break;
  }
  *error = Fail(Code::kCancelled, "the client left before the answer was complete", "client_gone");
  return Ending::kCancelled;
}

// Tells apart: who asked has left, our own time ran out, the worker took too long. Only the last is its
// fault.
Ending Name(Try& t, TimePoint now) {
  if (!t.result.failure) return Ending::kOk;
  Error& error = t.result.failure->error;
  Cancel* cancel = t.cancel();
  if (cancel && cancel->fired()) return NameCancel(cancel->why(), &error);
  if (error.code == Code::kCancelled) {
    if (error.reason == "lost_race") return Ending::kLostRace;
    return NameCancel(Cancel::Why::kClientGone, &error);
  }
  // A provider may also say itself that it was too slow (504, in-band): that stays its own word.
  const bool its_word = error.upstream_status != 0 || error.reason.starts_with("worker_");
  if (error.code != Code::kDeadline || its_word) return Ending::kFault;
  if (t.call.deadline().Passed(now)) return NameCancel(Cancel::Why::kDeadline, &error);
  t.result.failure->fault = provider::Fault::kTimeout;
  error = Fail(Code::kUnavailable, "worker '" + t.live.worker->name + "' did not finish in its time",
               "whole_timeout");
  return Ending::kFault;
}

void Report(Try& t, Ending ending, TimePoint now) {
  Verdict v;
  if (ending == Ending::kOk) {
    v.kind = Verdict::Kind::kSuccess;
    v.to_first_byte = t.result.to_first_byte;
  } else if (ending == Ending::kFault) {
    const provider::Failure& f = *t.result.failure;
    v.kind = Attribute(f.fault);
    // A request that never left says nothing about the worker, not even that it lives.
    if (v.kind == Verdict::Kind::kNeutral && !t.result.sent) v.kind = Verdict::Kind::kNothing;
    v.retry_after = f.error.retry_after.value_or(std::chrono::milliseconds(0));
    v.error = f.error.message;
  }
  t.ticket->Report(v, now);
  t.ticket.reset();
}

// The provider said no before it worked on the request: nobody charges for that.
bool Refused(const AttemptResult& r) {
  if (r.failure->error.upstream_status >= 400) return true;
  switch (r.failure->fault) {
    case provider::Fault::kServer:
    case provider::Fault::kMalformed:
    case provider::Fault::kTransport:
    case provider::Fault::kTimeout:
      return false;
    default:
      return r.response.choices.empty();
  }
}

void Charge(Try& t, CallRecord* record) {
  AttemptResult& r = t.result;
  r.response.usage = ChargedUsage(r, t.call.input_tokens);
  const chat::Usage& usage = r.response.usage;
  record->usage = usage;
  record->usage_estimated = !usage.known && (usage.input != 0 || usage.output != 0);
  record->priced = t.price != nullptr;
  if (t.price) {
    record->cost = budget::Cost(*t.price, usage);
    if (r.sent && !(r.failure && Refused(r))) record->cost += budget::PerCall(*t.price, r.billable);
  }
  if (t.worker_hold) t.worker_hold->Settle(record->cost, usage.input + usage.output);
  t.worker_hold.reset();
  if (t.hold) {
    const budget::Nanos paid = t.hold->Settle(record->cost, usage.input + usage.output);
    if (paid < record->cost) {
      record->why += "; claims $" + budget::FormatUsd(record->cost) +
                     ", more than the call could cost: " + "disputed above the ceiling";
      record->usage_estimated = true;
      record->cost = paid;
    }
  }
  t.hold.reset();
}

}  // namespace

std::int64_t EstimateOutput(const chat::Response& response) {
  std::int64_t chars = 0;
  for (const chat::Choice& c : response.choices) {
    for (const chat::Part& p : c.message.parts) chars += Chars(p);
  }
  return (chars + kCharsPerToken - 1) / kCharsPerToken;
}

chat::Usage ChargedUsage(const AttemptResult& r, std::int64_t input_tokens) {
  const chat::Usage& told = r.response.usage;
  if (!r.failure && told.known) return told;
  if (r.failure && !told.known && (!r.sent || Refused(r))) return {};
  // A cut answer: some providers report the input at the start and the output at the end, so what was told
  // may be stale. An unreported one: everything is our guess.
  chat::Usage usage = told;
  if (!told.known && usage.input == 0) usage.input = input_tokens;
  const std::int64_t seen = EstimateOutput(r.response);
  if (seen > usage.output) {
    usage.output = seen;
    usage.known = false;
  }
  return usage;
}

void Finish(Try& t) {
  const TimePoint now = t.call.parts.loop.Now();
  if (t.gate) {
    t.result.delivered = t.gate->delivered();
    t.gate->Shut();
  }
  const Ending ending = Name(t, now);
  CallRecord& record = t.call.records[t.record];
  record.to_first_byte = t.result.to_first_byte;
  record.whole = now - t.started;
  record.outcome = "ok";
  provider::Fault fault{};
  if (t.result.failure) {
    fault = t.result.failure->fault;
    record.outcome = t.result.failure->error.Name();
    record.upstream_status = t.result.failure->error.upstream_status;
    if (ending == Ending::kFault) record.fault = provider::FaultName(fault);
  }
  Charge(t, &record);
  Report(t, ending, now);
  t.slot.reset();
  t.live.CallsEnding(ending, fault).Add();
  t.live.duration.Observe(std::chrono::duration<double>(record.whole).count());
  if (record.to_first_byte > Duration::zero()) {
    t.live.first_byte.Observe(std::chrono::duration<double>(record.to_first_byte).count());
  }
  t.ended = true;
}

}  // namespace baton::pool
