// `fallback.on_policy_violation: human_review`, and rules of `data:` that say `review`: a request that no
// worker may see is laid before a person.
//
// The rails have refused it, and stay right: no worker is asked. What changes is who says the last word. The
// client gets the person's answer as if a worker had given it, or, when the wait runs out, the case's link.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "exchange/exchange.h"
#include "human/answer.h"
#include "human/transcript.h"

namespace baton::exchange {
namespace {

constexpr const char* kWorker = "human";
constexpr const char* kRoute = "human_review";

human::Case CaseOf(const record::Provenance& record, const rails::Rails& rails, const chat::Request& request,
                   const Error& refusal) {
  human::Case work;
  work.exchange = record.id;
  work.tenant = record.tenant;
  work.model = request.model;
  work.reason = refusal.message;
  work.route = kRoute;
  const auto classes = rails.ClassesOf(request);
  work.data_classes.assign(classes.begin(), classes.end());
  work.transcript = human::Transcript(rails::WithoutSecrets(rails.classifier(), request).messages);
  return work;
}

chat::Event MakeEvent(chat::Event::Kind kind, std::string text = {}) {
  chat::Event e;
  e.kind = kind;
  e.text = std::move(text);
  return e;
}

// One piece: a person does not answer token by token.
Task<void> Stream(Reader& reader, const Heading& heading, const chat::Response& answer,
                  const std::string& text) {
  reader.OnHeading(heading);
  chat::Event start = MakeEvent(chat::Event::Kind::kStart);
  start.model = answer.model;
  start.created = answer.created;
  reader.Put(std::move(start));
  reader.Put(MakeEvent(chat::Event::Kind::kText, text));
  chat::Event finish = MakeEvent(chat::Event::Kind::kFinish, "stop");
  finish.finish = chat::Finish::kStop;
  reader.Put(std::move(finish));
  // A client that has gone meanwhile: its connection knows.
  (void)co_await reader.Flush();
}

// Why there is no answer, for everything but one.
Error NoAnswer(const human::Resolution& end) {
  switch (end.kind) {
    case human::Resolution::Kind::kRejected:
      return Fail(Code::kPermissionDenied,
                  fmt::format("a person has looked at this request and declined it: {}", end.text),
                  "human_rejected");
    case human::Resolution::Kind::kExpired:
      return Fail(Code::kPermissionDenied, "this request needed a person's approval, and nobody came in time",
                  "human_expired");
    case human::Resolution::Kind::kPending:
    case human::Resolution::Kind::kAnswered:
      break;
  }
  return Fail(Code::kUnavailable,
              fmt::format("a person has to look at this request; its case is {}", end.case_id),
              "human_pending");
}

}  // namespace

bool Conductor::GoesToReview(const House& house, const Error& refusal) {
  if (!house.desk) return false;
  if (refusal.reason == "needs_review") return true;
  return refusal.reason == "policy_violation" &&
         house.policies->rules.options().fallback.on_policy_violation == "human_review";
}

Task<void> Conductor::Review(House& house, const Envelope& envelope, const chat::Request& request,
                             Reader* reader, Cancel* cancel, ChatOutcome& out) const {
  record::Provenance& record = out.record_;
  human::Case work = CaseOf(record, house.policies->rails, request, out.response.error());
  record.route = out.heading.route = kRoute;
  record.reason = work.reason;
  record.data_classes = fmt::format("{}", fmt::join(work.data_classes, ","));

  Duration wait = house.desk->rules().wait;
  if (envelope.controls.deadline) wait = std::min(wait, *envelope.controls.deadline);
  const TimePoint began = clock_.Now();
  auto end = co_await house.desk->Ask(house.pool->loop(), std::move(work), Deadline(envelope.received + wait),
                                      cancel);
  const TimePoint ended = clock_.Now();

  if (end && end->kind == human::Resolution::Kind::kAnswered) {
    record.outcome = "ok";
    record.worker = out.heading.worker = kWorker;
    record.finish = "stop";
    chat::Response answer = human::AnswerOf(end->text, request.model, clock_.UnixNanos() / 1'000'000'000);
    if (reader) co_await Stream(*reader, out.heading, answer, end->text);
    out.response = std::move(answer);
  } else {
    const Error error = end ? NoAnswer(*end) : end.error();
    if (end && end->kind == human::Resolution::Kind::kPending) out.pending_case = end->case_id;
    record.outcome = std::string(error.Name());
    out.response = error;
  }
  record.duration = ended - envelope.received;
  record.overhead = out.heading.overhead = record.duration - (ended - began);
}

}  // namespace baton::exchange
