// Answers in Anthropic's dialect, whole.
#include <algorithm>

#include "provider/anthropic.h"

namespace baton::provider::anthropic {
namespace {

// The message with one Text per run, as the API gives it; a dialect may have cut text into pieces.
void WriteContent(const chat::Message& m, JsonWriter* w) {
  w->BeginArray();
  for (const auto& part : m.parts) {
    if (std::holds_alternative<chat::Opaque>(part) &&
        std::get<chat::Opaque>(part).dialect != chat::Dialect::kAnthropic) {
      continue;
    }
    if (std::holds_alternative<chat::ToolResult>(part) || std::holds_alternative<chat::Media>(part)) continue;
    WriteBlock(part, nullptr, w);
  }
  w->EndArray();
}

std::string_view ErrorType(const baton::Error& e, int status) {
  switch (e.code) {
    case Code::kUnauthenticated:
      return "authentication_error";
    case Code::kPermissionDenied:
      return "permission_error";
    case Code::kNotFound:
      return "not_found_error";
    case Code::kTooLarge:
      return status == 413 ? "request_too_large" : "invalid_request_error";
    case Code::kOverBudget:
      return "billing_error";
    case Code::kRateLimited:
      return "rate_limit_error";
    case Code::kOverloaded:
    case Code::kUnavailable:
      return "overloaded_error";
    case Code::kDeadline:
      return "timeout_error";
    case Code::kInvalidRequest:
    case Code::kConflict:
    case Code::kUnsupported:
    case Code::kUpstreamRejected:
      return "invalid_request_error";
    default:
      return "api_error";
  }
}

}  // namespace

std::string_view StopReason(chat::Finish finish, std::string_view raw) {
  for (const std::string_view own : {"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn",
                                     "refusal", "model_context_window_exceeded"}) {
    if (raw == own) return own;
  }
  switch (finish) {
    case chat::Finish::kLength:
      return "max_tokens";
    case chat::Finish::kToolCalls:
      return "tool_use";
    case chat::Finish::kContentFilter:
    case chat::Finish::kRefusal:
      return "refusal";
    default:
      return "end_turn";
  }
}

void WriteUsage(const chat::Usage& u, JsonWriter* w) {
  const std::int64_t written = u.cache_write + u.cache_write_1h;
  w->BeginObject();
  w->IntField("input_tokens", std::max<std::int64_t>(0, u.input - u.cached_input - written));
  w->IntField("cache_creation_input_tokens", written).IntField("cache_read_input_tokens", u.cached_input);
  if (written > 0) {
    w->Key("cache_creation").BeginObject();
    w->IntField("ephemeral_5m_input_tokens", u.cache_write)
        .IntField("ephemeral_1h_input_tokens", u.cache_write_1h);
    w->EndObject();
  }
  w->IntField("output_tokens", u.output);
  if (u.reasoning > 0)
    w->Key("output_tokens_details").BeginObject().IntField("thinking_tokens", u.reasoning).EndObject();
  w->EndObject();
}

std::string EncodeReply(const chat::Response& r, const ReplyShape& shape) {
  if (shape.passthrough && r.raw_dialect == chat::Dialect::kAnthropic && !r.raw.empty()) return r.raw;
  static const chat::Choice kNothing;
  const chat::Choice& c = r.choices.empty() ? kNothing : r.choices.front();
  std::string out;
  JsonWriter w(&out);
  w.BeginObject()
      .Field("id", r.id.empty() ? shape.id : r.id)
      .Field("type", "message")
      .Field("role", "assistant");
  w.Field("model", shape.model.empty() ? r.model : shape.model);
  w.Key("content");
  WriteContent(c.message, &w);
  w.Field("stop_reason", StopReason(c.finish, c.finish_raw));
  const chat::Json* stop =
      r.raw_dialect == chat::Dialect::kAnthropic ? FindExtra(c.extra, "stop_sequence") : nullptr;
  w.Key("stop_sequence").Raw(stop ? stop->text : "null");
  w.Key("usage");
  WriteUsage(r.usage, &w);
  if (r.raw_dialect == chat::Dialect::kAnthropic) {
    for (const auto& [name, value] : r.extra) w.RawField(name, value.text);
  }
  w.EndObject();
  return out;
}

std::string EncodeError(const baton::Error& e, int status) {
  std::string out;
  JsonWriter w(&out);
  w.BeginObject().Field("type", "error").Key("error").BeginObject();
  w.Field("type", ErrorType(e, status)).Field("message", e.message);
  w.EndObject().EndObject();
  return out;
}

}  // namespace baton::provider::anthropic
