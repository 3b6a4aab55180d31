// Answers of Anthropic's Messages API, whole.
#include <algorithm>

#include "provider/anthropic.h"
#include "provider/upstream_error.h"

namespace baton::provider::anthropic {
namespace {

Error NotAnAnswer(std::string message) {
  return Fail(Code::kBadUpstream, "The worker's reply is not a message: " + message, "malformed_reply");
}

}  // namespace

chat::Finish FinishOf(std::string_view word) {
  if (word.empty()) return chat::Finish::kNone;
  if (word == "max_tokens" || word == "model_context_window_exceeded") return chat::Finish::kLength;
  if (word == "tool_use") return chat::Finish::kToolCalls;
  if (word == "refusal") return chat::Finish::kRefusal;
  return chat::Finish::kStop;  // end_turn, stop_sequence, pause_turn
}

// Their input_tokens leave out what was read from or written to the cache; ours hold everything.
chat::Usage DecodeUsage(JsonView v) {
  chat::Usage u;
  if (!v.is_object()) return u;
  const auto count = [](JsonView n) { return std::max<std::int64_t>(0, n.integer().value_or(0)); };
  u.known = true;
  u.raw = RawOf(v);
  u.cached_input = count(v["cache_read_input_tokens"]);
  const std::int64_t written = count(v["cache_creation_input_tokens"]);
  const JsonView split = v["cache_creation"];
  u.cache_write_1h = std::min(written, count(split["ephemeral_1h_input_tokens"]));
  u.cache_write = written - u.cache_write_1h;
  u.input = count(v["input_tokens"]) + u.cached_input + written;
  u.output = count(v["output_tokens"]);
  u.reasoning = count(v["output_tokens_details"]["thinking_tokens"]);
  return u;
}

Result<chat::Response> DecodeReply(std::string body) {
  chat::Response r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kAnthropic;
  const auto doc = JsonDoc::Parse(r.raw, JsonDoc::Surrogates::kReplace);
  if (!doc) return NotAnAnswer(doc.error().message);
  const JsonView root = doc->root();
  if (!root.is_object()) return NotAnAnswer("it is " + std::string(JsonKindName(root.kind())) + ".");
  if (root["type"].str() == "error") return UpstreamError(ReadErrorBody(root["error"]), 0);
  const JsonView content = root["content"];
  if (!content.is_array()) return NotAnAnswer("'content' is missing.");
  chat::Choice c;
  c.message.role = chat::Role::kAssistant;
  if (auto read = ReadContent(content, Place{}, true, &c.message.plain, &c.message.parts); !read) {
    return NotAnAnswer(read.error().message);
  }
  c.finish_raw = root["stop_reason"].str();
  c.finish = FinishOf(c.finish_raw);
  for (const auto m : root.members()) {
    if (m.key == "stop_sequence" && !m.value.is_null()) Keep(&c.extra, m.key, m.value);
    if (m.key == "container" || m.key == "context_management") Keep(&r.extra, m.key, m.value);
  }
  r.id = root["id"].str();
  r.model = root["model"].str();
  r.usage = DecodeUsage(root["usage"]);
  r.service_tier = root["usage"]["service_tier"].str();
  r.choices.push_back(std::move(c));
  return r;
}

}  // namespace baton::provider::anthropic
