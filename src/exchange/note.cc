#include "exchange/note.h"

#include <fmt/format.h>

#include <algorithm>

#include "learn/teacher.h"

namespace baton::exchange {
namespace {

std::string_view FinishName(chat::Finish f) {
  switch (f) {
    case chat::Finish::kNone:
      return "";
    case chat::Finish::kStop:
      return "stop";
    case chat::Finish::kLength:
      return "length";
    case chat::Finish::kToolCalls:
      return "tool_calls";
    case chat::Finish::kContentFilter:
      return "content_filter";
    case chat::Finish::kRefusal:
      return "refusal";
    case chat::Finish::kError:
      return "error";
  }
  return "";
}

void NoteCalls(std::vector<pool::CallRecord>& calls, record::Provenance& record) {
  for (auto& c : calls) {
    record.input_tokens += c.usage.input;
    record.cached_tokens += c.usage.cached_input;
    record.output_tokens += c.usage.output;
    record.reasoning_tokens += c.usage.reasoning;
    record.cost += c.cost;
    // A call that never reached its provider owes nothing, whatever its price would have been.
    record.unpriced |= !c.priced && (c.usage.input > 0 || c.usage.output > 0);
    if (c.winner) record.first_byte = c.queued + c.to_first_byte;
    record.calls.push_back(std::move(c));
  }
}

}  // namespace

void NotePermit(const rails::Permit& permit, record::Provenance& record) {
  record.data_classes = fmt::format("{}", fmt::join(permit.found(), ","));
  record.rails_reasons = fmt::format("{}", fmt::join(permit.reasons(), "\n"));
}

void NoteGuards(const guard::Notes& notes, record::Provenance& record) {
  for (const std::string& line : notes) {
    if (!record.rails_reasons.empty()) record.rails_reasons += "\n";
    record.rails_reasons += line;
  }
}

void NoteFeatures(const route::Features& features, record::Provenance& record) {
  record.task = features.task;
  record.features = route::ToJson(features);
}

bool KeepsVector(const std::set<rails::DataClass>& classes, const rails::Permit& permit) {
  return !classes.empty() && std::all_of(permit.found().begin(), permit.found().end(),
                                         [&](const rails::DataClass& c) { return classes.contains(c); });
}

void NoteVector(const route::Features& features, record::Provenance& record) {
  record.features = route::WithVector(std::move(record.features), features.vector);
}

void NotePace(const record::Provenance& record, const route::Rules& rules) {
  const auto& share = rules.share();
  if (!share) return;
  for (const pool::CallRecord& c : record.calls) {
    if (c.outcome == "ok") share->pace.Add(c.worker, c.to_first_byte, c.whole, c.usage.output);
  }
}

void NoteRoute(const route::Route& route, record::Provenance& record) {
  record.route = route.name();
  record.workflow = route.workflow();
  record.policy = route.policy();
  record.reason = route.reason();
  record.propensity = route.propensity();
  record.features = learn::WithNoted(std::move(record.features), route.learned());
}

void NoteHeading(const workflow::Trace& trace, Heading& heading) {
  if (!trace.answer() || !trace.worker()) return;
  heading.worker = trace.worker()->name;
  heading.losses = provider::LossHeader(trace.losses());
  heading.passthrough = trace.passthrough();
  heading.injected_usage = trace.injected_usage();
}

void NoteTrace(workflow::Trace& trace, record::Provenance& record) {
  if (!trace.workflow().empty()) record.workflow = trace.workflow();
  record.degraded = trace.degraded();
  record.notes = fmt::format("{}", fmt::join(trace.notes(), "\n"));
  // `single` has one step, which needs no row of its own.
  const bool plain = trace.steps().size() == 1 && trace.workflow() == "single";
  for (auto& step : trace.steps()) {
    if (!plain) {
      record::StepRecord& to = record.steps.emplace_back();
      to.name = step.name;
      to.role = step.role;
      to.calls = static_cast<int>(step.calls.size());
      to.status = step.status;
      to.verdict = step.verdict;
      to.note = step.note;
      to.sees = step.sees;
      to.confidence = step.confidence < 0 ? 0 : 1 + static_cast<int>(step.confidence * 1000 + 0.5);
    }
    NoteCalls(step.calls, record);
  }
  if (trace.answer()) {
    if (trace.worker()) record.worker = trace.worker()->name;
    record.losses = provider::LossHeader(trace.losses());
    if (!trace.answer()->choices.empty()) record.finish = FinishName(trace.answer()->choices.front().finish);
  } else {
    record.outcome = std::string(trace.answer().error().Name());
  }
}

void NoteEmbedding(pool::Pool::EmbedOutcome& embedded, record::Provenance& record) {
  NoteCalls(embedded.calls, record);
  if (embedded.response) {
    if (embedded.worker) record.worker = embedded.worker->name;
    record.losses = provider::LossHeader(embedded.losses);
  } else {
    record.outcome = std::string(embedded.response.error().Name());
  }
}

void NoteRefusal(const Error& error, record::Provenance& record) {
  record.outcome = std::string(error.Name());
}

}  // namespace baton::exchange
