// A chat request in OpenAI's dialect: one table row per field. Fields without a neutral form are checked for
// their type and kept as raw text; fields nobody here has heard of travel on unread.
#include <limits>

#include "provider/fields.h"
#include "provider/openai.h"

namespace baton::provider::openai {
namespace {

using chat::Request;

constexpr auto kMaxInt = std::numeric_limits<std::int64_t>::max();
constexpr auto kMinInt = std::numeric_limits<std::int64_t>::min();

Status Model(JsonView v, const Place& at, Request& r) {
  if (!v.is_string()) return WrongType(at, "a string", v);
  if (v.str().empty()) return Missing(at, "Name one of the models of /v1/models.");
  r.model = v.str();
  r.raw_model_pos = v.offset();
  r.raw_model_len = v.raw().size();
  return {};
}

Status Messages(JsonView v, const Place& at, Request& r) {
  TRY_VOID(ExpectArray(v, at));
  if (v.empty()) {
    return Fail(Code::kInvalidRequest,
                "Invalid 'messages': the list is empty, at least one message is needed.", "empty_array",
                "messages");
  }
  return DecodeMessages(v, &r.messages);
}

Status Stream(JsonView v, const Place& at, Request& r) {
  std::optional<bool> b;
  TRY_VOID(ReadBool(v, at, &b));
  r.stream = b.value_or(false);
  return {};
}

Status StreamOptions(JsonView v, const Place& at, Request& r) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectObject(v, at));
  for (const auto m : v.members()) {
    if (m.key == "include_usage") {
      std::optional<bool> b;
      TRY_VOID(ReadBool(m.value, at.Member(m.key), &b));
      r.include_usage = b.value_or(false);
    } else {
      if (m.key == "include_obfuscation") {
        std::optional<bool> b;
        TRY_VOID(ReadBool(m.value, at.Member(m.key), &b));
      }
      Keep(&r.stream_options, m.key, m.value);
    }
  }
  return {};
}

Status Temperature(JsonView v, const Place& at, Request& r) {
  return ReadNumber(v, at, 0, 2, &r.temperature);
}
Status TopP(JsonView v, const Place& at, Request& r) {
  return ReadNumber(v, at, 0, 1, &r.top_p);
}
Status FrequencyPenalty(JsonView v, const Place& at, Request& r) {
  return ReadNumber(v, at, -2, 2, &r.frequency_penalty);
}
Status PresencePenalty(JsonView v, const Place& at, Request& r) {
  return ReadNumber(v, at, -2, 2, &r.presence_penalty);
}
// Not OpenAI's, but every open server's; -1 and 0 mean "off" there.
Status TopK(JsonView v, const Place& at, Request& r) {
  return ReadInteger(v, at, -1, kMaxInt, &r.top_k);
}

Status MaxCompletionTokens(JsonView v, const Place& at, Request& r) {
  TRY_VOID(ReadInteger(v, at, 1, kMaxInt, &r.max_tokens));
  if (!v.is_null()) r.max_tokens_legacy = false;
  return {};
}
Status MaxTokens(JsonView v, const Place& at, Request& r) {
  std::optional<std::int64_t> n;
  TRY_VOID(ReadInteger(v, at, 1, kMaxInt, &n));
  if (!n || (r.max_tokens && !r.max_tokens_legacy)) return {};  // the newer name wins
  r.max_tokens = n;
  r.max_tokens_legacy = true;
  return {};
}

Status Seed(JsonView v, const Place& at, Request& r) {
  return ReadInteger(v, at, kMinInt, kMaxInt, &r.seed);
}
Status N(JsonView v, const Place& at, Request& r) {
  return ReadInteger(v, at, 1, 128, &r.n);
}
Status Logprobs(JsonView v, const Place& at, Request& r) {
  return ReadBool(v, at, &r.logprobs);
}
Status TopLogprobs(JsonView v, const Place& at, Request& r) {
  return ReadInteger(v, at, 0, 20, &r.top_logprobs);
}
Status ParallelToolCalls(JsonView v, const Place& at, Request& r) {
  return ReadBool(v, at, &r.parallel_tool_calls);
}
Status User(JsonView v, const Place& at, Request& r) {
  return ReadString(v, at, &r.user);
}

Status Stop(JsonView v, const Place& at, Request& r) {
  if (v.is_null()) return {};
  if (v.is_string()) {
    r.stop.emplace_back(v.str());
    return {};
  }
  if (!v.is_array()) return WrongType(at, "a string or an array of strings", v);
  std::int64_t i = 0;
  for (const auto item : v.items()) {
    if (!item.is_string()) return WrongType(at.Element(i), "a string", item);
    if (++i > 4) return BadValue(at, "at most 4 stop sequences are allowed.", "array_above_max_length");
    r.stop.emplace_back(item.str());
  }
  return {};
}

Status Metadata(JsonView v, const Place& at, Request& r) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectObject(v, at));
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (!m.value.is_string()) return WrongType(member, "a string", m.value);
    if (m.key.size() > 64 * 4 || m.value.str().size() > 512 * 4) {
      return BadValue(member, "a key has at most 64 and a value at most 512 characters.",
                      "string_above_max_length");
    }
    r.metadata.emplace_back(m.key, m.value.str());
  }
  if (r.metadata.size() > 16)
    return BadValue(at, "at most 16 pairs are allowed.", "object_above_max_properties");
  return {};
}

Status ReasoningEffort(JsonView v, const Place& at, Request& r) {
  return ReadWord(v, at, {"none", "minimal", "low", "medium", "high", "xhigh", "max"}, &r.reasoning.effort);
}

Status JsonSchema(JsonView v, const Place& at, chat::ResponseFormat* f) {
  if (v.missing()) return Missing(at);
  TRY_VOID(ExpectObject(v, at));
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "name") {
      TRY_VOID(ReadString(m.value, member, &f->name));
    } else if (m.key == "description") {
      TRY_VOID(ReadString(m.value, member, &f->description));
    } else if (m.key == "schema") {
      if (m.value.is_null()) continue;
      TRY_VOID(ExpectObject(m.value, member));
      f->schema = RawOf(m.value);
    } else if (m.key == "strict") {
      TRY_VOID(ReadBool(m.value, member, &f->strict));
    }
  }
  if (f->name.empty()) return Missing(at.Member("name"), "Give the schema a name.");
  return {};
}

Status ResponseFormat(JsonView v, const Place& at, Request& r) {
  using Kind = chat::ResponseFormat::Kind;
  if (v.is_null()) return {};
  TRY_VOID(ExpectObject(v, at));
  const JsonView type = v["type"];
  if (type.missing()) return Missing(at.Member("type"), "Use \"text\", \"json_object\" or \"json_schema\".");
  if (!type.is_string()) return WrongType(at.Member("type"), "a string", type);
  auto& f = r.response_format;
  if (type.str() == "text") {
    f.kind = Kind::kText;
  } else if (type.str() == "json_object") {
    f.kind = Kind::kJsonObject;
  } else if (type.str() == "json_schema") {
    f.kind = Kind::kJsonSchema;
    return JsonSchema(v["json_schema"], at.Member("json_schema"), &f);
  } else {
    f.kind = Kind::kOpaque;
    f.opaque = RawOf(v);
  }
  return {};
}

Status LogitBias(JsonView v, const Place& at, Request&) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectObject(v, at));
  for (const auto m : v.members()) {
    std::optional<double> bias;
    TRY_VOID(ReadNumber(m.value, at.Member(m.key), -100, 100, &bias));
  }
  return {};
}

Status Audio(JsonView v, const Place& at, Request&) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectObject(v, at));
  if (v["voice"].missing()) return Missing(at.Member("voice"));
  if (v["format"].missing()) return Missing(at.Member("format"));
  return ReadWord(v["format"], at.Member("format"), {"wav", "aac", "mp3", "flac", "opus", "pcm16"}, nullptr);
}

Status Modalities(JsonView v, const Place& at, Request&) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectArray(v, at));
  std::int64_t i = 0;
  for (const auto item : v.items()) {
    if (!item.is_string()) return WrongType(at.Element(i), "a string", item);
    ++i;
  }
  return {};
}

Status AnyObject(JsonView v, const Place& at, Request&) {
  return v.is_null() ? Status() : ExpectObject(v, at);
}
Status AnyString(JsonView v, const Place& at, Request&) {
  return v.is_null() || v.is_string() ? Status() : WrongType(at, "a string", v);
}
Status AnyBool(JsonView v, const Place& at, Request&) {
  return v.is_null() || v.is_bool() ? Status() : WrongType(at, "a boolean", v);
}

struct Row {
  std::string_view name;
  Status (*read)(JsonView, const Place&, Request&);
  bool keep;  // goes on in `extra` as it came
};

// The commonest first: the table is scanned.
constexpr Row kRows[] = {
    {"model", Model, false},
    {"messages", Messages, false},
    {"stream", Stream, false},
    {"temperature", Temperature, false},
    {"max_tokens", MaxTokens, false},
    {"max_completion_tokens", MaxCompletionTokens, false},
    {"tools", DecodeTools, false},
    {"tool_choice", DecodeToolChoice, false},
    {"stream_options", StreamOptions, false},
    {"response_format", ResponseFormat, false},
    {"top_p", TopP, false},
    {"n", N, false},
    {"stop", Stop, false},
    {"user", User, false},
    {"reasoning_effort", ReasoningEffort, false},
    {"parallel_tool_calls", ParallelToolCalls, false},
    {"seed", Seed, false},
    {"frequency_penalty", FrequencyPenalty, false},
    {"presence_penalty", PresencePenalty, false},
    {"logprobs", Logprobs, false},
    {"top_logprobs", TopLogprobs, false},
    {"top_k", TopK, false},
    {"metadata", Metadata, false},
    {"logit_bias", LogitBias, true},
    {"store", AnyBool, true},
    {"service_tier", AnyString, true},
    {"verbosity", AnyString, true},
    {"prompt_cache_key", AnyString, true},
    {"prompt_cache_retention", AnyString, true},
    {"prompt_cache_options", AnyObject, true},
    {"safety_identifier", AnyString, true},
    {"moderation", AnyObject, true},
    {"modalities", Modalities, true},
    {"audio", Audio, true},
    {"prediction", AnyObject, true},
    {"web_search_options", AnyObject, true},
    {"functions", CheckFunctions, true},
    {"function_call", CheckFunctionCall, true},
};
constexpr int kRowCount = sizeof(kRows) / sizeof(kRows[0]);
static_assert(kRowCount <= 64);

Status Member(const JsonView::Member& m, const Place& root, Seen* seen, Request* r) {
  const Place at = root.Member(m.key);
  for (int i = 0; i < kRowCount; ++i) {
    const Row& row = kRows[i];
    if (row.name != m.key) continue;
    if (!seen->First(i)) return Duplicate(at);
    TRY_VOID(row.read(m.value, at, *r));
    if (row.keep && !m.value.is_null()) Keep(&r->extra, m.key, m.value);
    return {};
  }
  Keep(&r->extra, m.key, m.value);
  return {};
}

// What only makes sense together.
Status Together(const Request& r, bool has_stream_options) {
  if (r.top_logprobs.value_or(0) > 0 && !r.logprobs.value_or(false)) {
    return Fail(Code::kInvalidRequest, "'top_logprobs' needs 'logprobs' to be true.", "invalid_value",
                "top_logprobs");
  }
  if (has_stream_options && !r.stream) {
    return Fail(Code::kInvalidRequest, "'stream_options' is only allowed when 'stream' is true.",
                "invalid_value", "stream_options");
  }
  using Kind = chat::ToolChoice::Kind;
  const Kind choice = r.tool_choice.kind;
  if (r.tools.empty() && (choice == Kind::kRequired || choice == Kind::kNamed || choice == Kind::kOpaque)) {
    return Fail(Code::kInvalidRequest, "'tool_choice' is only allowed when 'tools' are given.",
                "invalid_value", "tool_choice");
  }
  return {};
}

}  // namespace

Result<Request> DecodeRequest(std::string body) {
  Request r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kOpenAi;
  auto doc = JsonDoc::Parse(r.raw);
  if (!doc) {
    Error e = std::move(doc).error();
    e.message = "We could not read the body of your request as JSON: " + e.message;
    return e;
  }
  const Place root;
  const JsonView body_view = doc->root();
  if (!body_view.is_object()) return WrongType(root, "a JSON object", body_view);
  Seen seen;
  for (const auto m : body_view.members()) TRY_VOID(Member(m, root, &seen, &r));
  if (r.model.empty()) return Missing(root.Member("model"), "Name one of the models of /v1/models.");
  if (r.messages.empty())
    return Missing(root.Member("messages"), "Send the conversation as a list of messages.");
  const JsonView stream_options = body_view["stream_options"];
  TRY_VOID(Together(r, !stream_options.missing() && !stream_options.is_null()));
  return r;
}

}  // namespace baton::provider::openai
