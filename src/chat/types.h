// The vendor-neutral conversation. Every dialect decodes into these structs and encodes from them, so N
// client dialects and M worker dialects cost N + M codecs, not N x M.
//
// Rules:
// - Plain structs, no behaviour, no JSON type. What is JSON by nature (schemas, tool arguments, fields we do
// not
//   know) stays text, byte for byte as it came (`Json`), and is never re-serialised.
// - Nothing is lost: a field the neutral type has no name for goes into `extra` of the nearest struct.
// - Order is kept: an assistant message is a list of parts in the order the model produced them (reasoning,
// text,
//   tool call, reasoning, ...), because Anthropic and Gemini sign that order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace baton::chat {

// One well-formed JSON value as text. Empty: absent.
struct Json {
  std::string text;
  bool empty() const { return text.empty(); }
  bool operator==(const Json&) const = default;
};

// Fields a codec did not know, in the order they came: name (unescaped) and value.
using Extra = std::vector<std::pair<std::string, Json>>;

// Which vendor's form an opaque piece is in. A piece in another dialect's form is declared as lost, not sent.
enum class Dialect { kNone, kOpenAi, kAnthropic, kGemini, kLocal };

enum class Role { kSystem, kDeveloper, kUser, kAssistant, kTool };

struct Text {
  std::string text;
  Extra extra;  // e.g. cache_control, annotations
  bool operator==(const Text&) const = default;
};

// Image, audio, file or video. Exactly one of url / data / file_id is set.
struct Media {
  enum class Kind { kImage, kAudio, kFile, kVideo };
  Kind kind = Kind::kImage;
  std::string url;         // http(s) address as the client gave it
  std::string data;        // base64, as it came
  std::string file_id;     // vendor-side id
  std::string media_type;  // "image/png"; may be empty with url
  std::string format;      // OpenAI audio: "wav", "mp3"
  std::string filename;
  std::string detail;  // OpenAI image detail
  Extra extra;
  bool operator==(const Media&) const = default;
};

struct Refusal {
  std::string text;
  bool operator==(const Refusal&) const = default;
};

// A model's own reasoning. `signature` and `encrypted` are the vendor's and must go back to a worker of the
// same dialect unchanged, in place. Text may be empty (redacted thinking, a bare Gemini thought signature).
struct Reasoning {
  std::string text;
  std::string signature;
  std::string encrypted;            // Anthropic redacted_thinking data, OpenAI/OpenRouter encrypted reasoning
  Dialect origin = Dialect::kNone;  // whose signature it is
  Extra extra;
  bool operator==(const Reasoning&) const = default;
};

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON text exactly as the model wrote it (may be invalid JSON: models do that)
  bool custom = false;    // OpenAI "custom" tool: `arguments` is free text
  std::string signature;  // Gemini thoughtSignature of this call
  Extra extra;
  // Whose signature it is; kOpenAi: it came over an OpenAI-compatible surface and goes back to such a worker.
  Dialect signature_origin = Dialect::kNone;
  bool operator==(const ToolCall&) const = default;
};

// What a tool gave back; stands in a message of Role::kTool.
struct ToolResult {
  std::string call_id;
  std::string name;  // filled from the call where the dialect needs it (Gemini)
  std::vector<std::variant<Text, Media>> content;
  bool is_error = false;
  Extra extra;
  bool operator==(const ToolResult&) const = default;
};

// A vendor's part that has no neutral form (server tool use, search results, ...): goes back to the same
// dialect unchanged, is declared lost towards any other.
struct Opaque {
  Dialect dialect = Dialect::kNone;
  Json json;
  bool operator==(const Opaque&) const = default;
};

using Part = std::variant<Text, Media, Refusal, Reasoning, ToolCall, ToolResult, Opaque>;

struct Message {
  Role role = Role::kUser;
  std::vector<Part> parts;
  std::string name;  // OpenAI participant name
  // OpenAI: content was a plain string, not a list of parts. Kept so that re-encoding gives the same form.
  bool plain = true;
  Extra extra;
  bool operator==(const Message&) const = default;
};

struct Tool {
  std::string name;
  std::string description;
  Json parameters;  // JSON Schema; empty: none given
  std::optional<bool> strict;
  // Not a function: the whole tool as the client wrote it, in `dialect`'s form (OpenAI "custom", Anthropic
  // server tools, Gemini googleSearch). `name` is still set where it has one.
  Json opaque;
  Dialect dialect = Dialect::kNone;
  Extra extra;
  bool operator==(const Tool&) const = default;
};

struct ToolChoice {
  enum class Kind { kUnset, kAuto, kNone, kRequired, kNamed, kOpaque };
  Kind kind = Kind::kUnset;
  std::string name;  // kNamed
  Json opaque;       // kOpaque: e.g. OpenAI allowed_tools
  bool operator==(const ToolChoice&) const = default;
};

struct ResponseFormat {
  enum class Kind { kUnset, kText, kJsonObject, kJsonSchema, kOpaque };
  Kind kind = Kind::kUnset;
  std::string name;
  std::string description;
  Json schema;
  std::optional<bool> strict;
  Json opaque;  // e.g. grammar formats
  bool operator==(const ResponseFormat&) const = default;
};

struct ReasoningConfig {
  std::string effort;                    // "none".."xhigh"; empty: unset
  std::optional<std::int64_t> budget;    // tokens (Anthropic budget_tokens, Gemini thinkingBudget)
  std::optional<bool> include_thoughts;  // Gemini includeThoughts
  Json opaque;  // the dialect's own object where it says more (Anthropic adaptive ...)
  bool operator==(const ReasoningConfig&) const = default;
};

struct Request {
  std::string model;  // as the client named it
  std::vector<Message> messages;
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  std::optional<bool> parallel_tool_calls;
  ResponseFormat response_format;
  ReasoningConfig reasoning;

  std::optional<double> temperature, top_p, frequency_penalty, presence_penalty;
  std::optional<std::int64_t> top_k;
  std::optional<std::int64_t> max_tokens;  // output cap, reasoning included (max_completion_tokens)
  bool max_tokens_legacy = false;          // it came as OpenAI's `max_tokens`
  std::optional<std::int64_t> seed;
  std::optional<std::int64_t> n;
  std::optional<bool> logprobs;
  std::optional<std::int64_t> top_logprobs;
  std::vector<std::string> stop;
  std::string user;
  std::vector<std::pair<std::string, std::string>> metadata;

  // Baton's own: what a contract asks for by name. Never sent to a worker as a field.
  std::vector<std::pair<std::string, std::string>> inputs;

  bool stream = false;
  bool include_usage = false;  // stream_options.include_usage
  Extra stream_options;        // the other members of stream_options

  // Every other top-level field, known to OpenAI or not: logit_bias, prediction, audio, modalities, store,
  // service_tier, verbosity, prompt_cache_key, web_search_options, functions, ... as they came.
  Extra extra;

  // The body as it came, for byte-exact pass-through to a worker of the same dialect. Whoever changes a field
  // above must clear `raw`. `raw_model` is where the value of "model" stands in it (with its quotes).
  // `raw_dialect` stays when `raw` is cleared: it also says in whose terms `extra` is written.
  std::string raw;
  Dialect raw_dialect = Dialect::kNone;
  std::size_t raw_model_pos = 0, raw_model_len = 0;
};

// Tokens, as the worker reported them. input includes cached and cache-write tokens; output includes
// reasoning.
struct Usage {
  std::int64_t input = 0;
  std::int64_t cached_input = 0;    // read from the provider's cache
  std::int64_t cache_write = 0;     // written to it (Anthropic: 5 minutes)
  std::int64_t cache_write_1h = 0;  // Anthropic one-hour writes (not contained in cache_write)
  std::int64_t output = 0;
  std::int64_t reasoning = 0;  // part of output
  std::int64_t audio_input = 0, audio_output = 0;
  // Of the other calls of a workflow: in addition to the figures above, which are those of the answer's call.
  std::int64_t orchestration_input = 0, orchestration_cached_input = 0, orchestration_output = 0;
  bool known = false;  // false: nobody reported; figures are our estimate or zero
  Json raw;            // the worker's usage object
  bool operator==(const Usage&) const = default;
};

enum class Finish { kNone, kStop, kLength, kToolCalls, kContentFilter, kRefusal, kError };

struct Choice {
  std::int64_t index = 0;
  Message message;
  Finish finish = Finish::kNone;
  std::string finish_raw;  // the worker's own word
  Json logprobs;           // OpenAI form
  Extra extra;
};

struct Response {
  std::string id;
  std::string model;         // as the worker named it
  std::int64_t created = 0;  // seconds
  std::vector<Choice> choices;
  Usage usage;
  std::string service_tier, system_fingerprint;
  Extra extra;
  std::string degraded;  // Baton's own: why the answer is not what its workflow wanted
  // The body as the worker sent it, for byte-exact pass-through; empty when it was assembled.
  std::string raw;
  Dialect raw_dialect = Dialect::kNone;
};

// One step of a streamed answer.
struct Event {
  enum class Kind {
    kStart,               // id, model, created
    kText,                // text
    kRefusal,             // text
    kReasoning,           // text: a piece of reasoning in block `index`
    kReasoningSignature,  // text: (whole or next piece of) the signature of block `index`; `encrypted` for
                          // redacted
    kToolCall,            // index, tool (id, name, signature; arguments empty): a call begins
    kToolArguments,       // index, text: next fragment of its arguments
    kLogprobs,     // json: OpenAI's logprobs object; stands before the kText (or kRefusal) it describes
    kFinish,       // finish; text: the worker's own word for it
    kUsage,        // usage (cumulative: the last one counts)
    kOpaque,       // json in `dialect`'s form, nothing neutral in it
    kPassthrough,  // carries only `raw` (keep-alives, the terminator, events already reported)
  };
  Kind kind = Kind::kText;
  std::int64_t choice = 0;
  std::int64_t index = 0;
  std::string text;
  std::string encrypted;
  ToolCall tool;
  Finish finish = Finish::kNone;
  Usage usage;
  Json json;
  Dialect dialect = Dialect::kNone;
  // Filled with kStart.
  std::string id, model;
  std::int64_t created = 0;
  // Made by Baton: no bytes of a worker stand behind it, and a stream passed through must encode it.
  bool made = false;
  // With kFinish: why the answer is not what its workflow wanted.
  std::string degraded;
  // The exact bytes of the server-sent event this came from (through its blank line), set on the first event
  // decoded from it and empty on the others, so that concatenating all `raw` gives the worker's body.
  std::string raw;
};

// Embeddings.
struct EmbedRequest {
  std::string model;
  std::vector<std::string> texts;
  std::vector<std::vector<std::int64_t>> tokens;  // token ids instead of texts
  std::string encoding_format;                    // "", "float", "base64"
  std::optional<std::int64_t> dimensions;
  std::string user;
  bool single = false;  // input was one string, not a list
  Extra extra;
  std::string raw;
  Dialect raw_dialect = Dialect::kNone;
  std::size_t raw_model_pos = 0, raw_model_len = 0;
};

struct EmbedResponse {
  std::string model;
  std::vector<std::vector<float>> vectors;  // empty when `raw` is to be passed on untouched
  Usage usage;
  std::string raw;
  Dialect raw_dialect = Dialect::kNone;
};

}  // namespace baton::chat
