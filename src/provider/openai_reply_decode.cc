// Answers of OpenAI-compatible servers, whole. Lenient by intent: what a server leaves out or spells
// differently must not cost the client its answer.
#include <algorithm>

#include "provider/call_id.h"
#include "provider/fields.h"
#include "provider/openai.h"
#include "provider/upstream_error.h"

namespace baton::provider::openai {
namespace {

Error NotAnAnswer(std::string message) {
  return Fail(Code::kBadUpstream, "The worker's reply is not a chat completion: " + message,
              "malformed_reply");
}

Result<chat::Choice> ReadChoice(JsonView v, std::int64_t position, const std::string& id) {
  chat::Choice c;
  c.index = v["index"].integer().value_or(position);
  const JsonView message = v["message"];
  if (!message.is_object()) return NotAnAnswer("a choice has no message.");
  if (auto read = DecodeAssistant(message, Place{}, true, &c.message); !read) {
    return NotAnAnswer(read.error().message);
  }
  for (std::size_t i = 0; i < c.message.parts.size(); ++i) {
    auto* call = std::get_if<chat::ToolCall>(&c.message.parts[i]);
    if (call && call->id.empty())
      call->id = StableCallId(id + call->name, c.index, static_cast<std::int64_t>(i));
  }
  c.finish_raw = v["finish_reason"].str();
  c.finish = FinishOf(c.finish_raw);
  if (const JsonView logprobs = v["logprobs"]; !logprobs.missing() && !logprobs.is_null())
    c.logprobs = RawOf(logprobs);
  for (const auto m : v.members()) {
    if (m.key == "index" || m.key == "message" || m.key == "finish_reason" || m.key == "logprobs") continue;
    Keep(&c.extra, m.key, m.value);
  }
  return c;
}

void ReadTop(const JsonView::Member& m, chat::Response* r) {
  if (m.key == "id") {
    r->id = m.value.str();
  } else if (m.key == "model") {
    r->model = m.value.str();
  } else if (m.key == "created") {
    r->created = m.value.integer().value_or(0);
  } else if (m.key == "usage") {
    r->usage = DecodeUsage(m.value);
  } else if (m.key == "service_tier") {
    r->service_tier = m.value.str();
  } else if (m.key == "system_fingerprint") {
    r->system_fingerprint = m.value.str();
  } else if (m.key != "object" && m.key != "choices") {
    Keep(&r->extra, m.key, m.value);
  }
}

}  // namespace

chat::Finish FinishOf(std::string_view word) {
  if (word.empty()) return chat::Finish::kNone;
  if (word == "stop") return chat::Finish::kStop;
  if (word == "length" || word == "max_tokens") return chat::Finish::kLength;
  if (word == "tool_calls" || word == "function_call" || word == "tool_use") return chat::Finish::kToolCalls;
  if (word == "content_filter") return chat::Finish::kContentFilter;
  if (word == "error") return chat::Finish::kError;
  return chat::Finish::kStop;  // "eos", "end_turn", ...: the model came to an end
}

chat::Usage DecodeUsage(JsonView v) {
  chat::Usage u;
  if (!v.is_object()) return u;
  const auto count = [](JsonView n) { return std::max<std::int64_t>(0, n.integer().value_or(0)); };
  u.known = true;
  u.raw = RawOf(v);
  u.input = count(v["prompt_tokens"]);
  u.output = count(v["completion_tokens"]);
  const JsonView in = v["prompt_tokens_details"], out = v["completion_tokens_details"];
  u.cached_input = count(in["cached_tokens"]);
  // DeepSeek counts cache hits beside the details.
  if (u.cached_input == 0) u.cached_input = count(v["prompt_cache_hit_tokens"]);
  u.cache_write = count(in["cache_write_tokens"]);
  u.audio_input = count(in["audio_tokens"]);
  u.reasoning = count(out["reasoning_tokens"]);
  u.audio_output = count(out["audio_tokens"]);
  // Baton's own surface shows one-hour writes of a worker behind it.
  u.cache_write_1h = count(in["cache_write_1h_tokens"]);
  return u;
}

Error InBandError(JsonView error) {
  return UpstreamError(ReadErrorBody(error), 0);
}

Result<chat::Response> DecodeReply(std::string body) {
  chat::Response r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kOpenAi;
  const auto doc = JsonDoc::Parse(r.raw, JsonDoc::Surrogates::kReplace);
  if (!doc) return NotAnAnswer(doc.error().message);
  const JsonView root = doc->root();
  if (!root.is_object()) return NotAnAnswer("it is " + std::string(JsonKindName(root.kind())) + ".");
  // Some aggregators answer 200 with an error object.
  if (const JsonView error = root["error"];
      !error.missing() && !error.is_null() && root["choices"].missing()) {
    return InBandError(error);
  }
  if (!root["choices"].is_array()) return NotAnAnswer("'choices' is missing.");
  for (const auto m : root.members()) ReadTop(m, &r);
  std::int64_t i = 0;
  for (const auto v : root["choices"].items()) {
    TRY(auto choice, ReadChoice(v, i++, r.id));
    r.choices.push_back(std::move(choice));
  }
  return r;
}

}  // namespace baton::provider::openai
