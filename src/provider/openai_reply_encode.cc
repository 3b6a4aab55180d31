// Answers in OpenAI's dialect, whole.
#include "provider/fields.h"
#include "provider/openai.h"

namespace baton::provider::openai {
namespace {

void WriteChoice(const chat::Choice& c, JsonWriter* w) {
  w->BeginObject().IntField("index", c.index);
  w->Key("message").BeginObject().Field("role", "assistant");
  WriteAnswer(c.message, w);
  w->EndObject();
  if (c.logprobs.empty()) {
    w->Key("logprobs").Null();
  } else {
    w->RawField("logprobs", c.logprobs.text);
  }
  w->Field("finish_reason", FinishWord(c.finish));
  for (const auto& [name, value] : c.extra) w->RawField(name, value.text);
  w->EndObject();
}

std::string_view ErrorType(const baton::Error& e, int status) {
  switch (e.code) {
    case Code::kUnauthenticated:
      return "authentication_error";
    case Code::kPermissionDenied:
      return "permission_error";
    case Code::kNotFound:
      return "not_found_error";
    case Code::kOverBudget:
      return "insufficient_quota";
    case Code::kRateLimited:
      return "rate_limit_error";
    case Code::kInvalidRequest:
    case Code::kConflict:
    case Code::kTooLarge:
    case Code::kUnsupported:
    case Code::kUpstreamRejected:
      return "invalid_request_error";
    default:
      break;
  }
  return status >= 400 && status < 500 ? "invalid_request_error" : "server_error";
}

}  // namespace

std::string_view FinishWord(chat::Finish finish) {
  switch (finish) {
    case chat::Finish::kLength:
      return "length";
    case chat::Finish::kToolCalls:
      return "tool_calls";
    case chat::Finish::kContentFilter:
      return "content_filter";
    default:
      return "stop";  // a refusal is told by `refusal`, a failure by an error
  }
}

void WriteUsage(const chat::Usage& u, JsonWriter* w) {
  w->BeginObject();
  w->IntField("prompt_tokens", u.input)
      .IntField("completion_tokens", u.output)
      .IntField("total_tokens", u.input + u.output + u.orchestration_input + u.orchestration_output);
  w->Key("prompt_tokens_details")
      .BeginObject()
      .IntField("cached_tokens", u.cached_input)
      .IntField("audio_tokens", u.audio_input);
  if (u.cache_write > 0) w->IntField("cache_write_tokens", u.cache_write);
  if (u.cache_write_1h > 0) w->IntField("cache_write_1h_tokens", u.cache_write_1h);
  const bool team = u.orchestration_input > 0 || u.orchestration_output > 0;
  if (team) {
    w->IntField("orchestration_input_tokens", u.orchestration_input)
        .IntField("orchestration_input_cached_tokens", u.orchestration_cached_input);
  }
  w->EndObject();
  w->Key("completion_tokens_details").BeginObject();
  w->IntField("reasoning_tokens", u.reasoning).IntField("audio_tokens", u.audio_output);
  w->IntField("accepted_prediction_tokens", 0).IntField("rejected_prediction_tokens", 0);
  if (team) w->IntField("orchestration_output_tokens", u.orchestration_output);
  w->EndObject().EndObject();
}

std::string EncodeReply(const chat::Response& r, const ReplyShape& shape) {
  if (shape.passthrough && r.raw_dialect == chat::Dialect::kOpenAi && !r.raw.empty()) return r.raw;
  const bool own = r.raw_dialect == chat::Dialect::kOpenAi || r.raw_dialect == chat::Dialect::kNone;
  std::string out;
  JsonWriter w(&out);
  w.BeginObject();
  w.Field("id", r.id.empty() ? shape.id : r.id).Field("object", "chat.completion");
  w.IntField("created", r.created ? r.created : shape.created)
      .Field("model", shape.model.empty() ? r.model : shape.model);
  w.Key("choices").BeginArray();
  for (const auto& c : r.choices) WriteChoice(c, &w);
  w.EndArray();
  w.Key("usage");
  WriteUsage(r.usage, &w);
  if (!r.service_tier.empty() && own) w.Field("service_tier", r.service_tier);
  if (!r.system_fingerprint.empty()) w.Field("system_fingerprint", r.system_fingerprint);
  for (const auto& [name, value] : r.extra) {
    if (own) w.RawField(name, value.text);
  }
  if (!r.degraded.empty()) w.Key("baton").BeginObject().Field("degraded", r.degraded).EndObject();
  w.EndObject();
  return out;
}

std::string EncodeError(const baton::Error& e, int status) {
  std::string out;
  JsonWriter w(&out);
  w.BeginObject().Key("error").BeginObject();
  w.Field("message", e.message).Field("type", ErrorType(e, status));
  if (e.param.empty()) {
    w.Key("param").Null();
  } else {
    w.Field("param", e.param);
  }
  const std::string_view code = e.Name();
  if (code.empty()) {
    w.Key("code").Null();
  } else {
    w.Field("code", code);
  }
  w.EndObject().EndObject();
  return out;
}

}  // namespace baton::provider::openai
