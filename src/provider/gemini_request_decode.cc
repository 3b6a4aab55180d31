// A request somebody sends in Gemini's dialect. The model and whether to stream stand in the path.
#include <limits>

#include "provider/gemini.h"

namespace baton::provider::gemini {
namespace {

using chat::Message;
using chat::Request;
using chat::Role;

constexpr auto kMaxInt = std::numeric_limits<std::int64_t>::max();
constexpr auto kMinInt = std::numeric_limits<std::int64_t>::min();

// Results become a tool message of their own, as in every other dialect.
void AddContent(Message m, std::vector<Message>* out) {
  Message results;
  results.role = Role::kTool;
  std::vector<chat::Part> rest;
  for (auto& part : m.parts) {
    (std::holds_alternative<chat::ToolResult>(part) ? results.parts : rest).push_back(std::move(part));
  }
  if (!results.parts.empty()) out->push_back(std::move(results));
  if (rest.empty()) return;
  m.parts = std::move(rest);
  out->push_back(std::move(m));
}

Status ReadContent(JsonView v, const Place& at, bool system, PartReader* reader, std::vector<Message>* out) {
  TRY_VOID(ExpectObject(v, at));
  Message m;
  m.plain = false;
  std::string role;
  if (const JsonView r = v["role"]; !r.missing()) {
    TRY_VOID(ReadWord(r, at.Member("role"), {"user", "model", "function", "system"}, &role));
  }
  m.role = system ? Role::kSystem : role == "model" ? Role::kAssistant : Role::kUser;
  const JsonView parts = v["parts"];
  const Place parts_at = at.Member("parts");
  std::int64_t i = 0;
  if (parts.is_object()) {
    TRY_VOID(reader->Read(parts, parts_at, &m.parts));  // a single part is accepted there
  } else {
    if (parts.missing()) return Missing(parts_at);
    TRY_VOID(ExpectArray(parts, parts_at));
    for (const auto part : parts.items()) TRY_VOID(reader->Read(part, parts_at.Element(i++), &m.parts));
  }
  for (const auto field : v.members()) {
    if (field.key != "role" && field.key != "parts") Keep(&m.extra, field.key, field.value);
  }
  AddContent(std::move(m), out);
  return {};
}

Status ReadFunction(JsonView v, const Place& at, chat::Tool* tool) {
  TRY_VOID(ExpectObject(v, at));
  for (const auto m : v.members()) {
    const std::string name = Camel(m.key);
    const Place member = at.Member(m.key);
    if (name == "name") {
      TRY_VOID(ReadString(m.value, member, &tool->name));
    } else if (name == "description") {
      TRY_VOID(ReadString(m.value, member, &tool->description));
    } else if (name == "parameters" || name == "parametersJsonSchema") {
      if (m.value.is_null()) continue;
      TRY_VOID(ExpectObject(m.value, member));
      tool->parameters = JsonSchemaOf(m.value);
    } else {
      Keep(&tool->extra, m.key, m.value);
    }
  }
  if (tool->name.empty()) return Missing(at.Member("name"));
  return {};
}

Status Tools(JsonView v, const Place& at, Request* r) {
  TRY_VOID(ExpectArray(v, at));
  std::int64_t i = 0;
  for (const auto item : v.items()) {
    const Place element = at.Element(i++);
    TRY_VOID(ExpectObject(item, element));
    const JsonView functions = Get(item, "functionDeclarations");
    const Place functions_at = element.Member("functionDeclarations");
    if (!functions.missing()) {
      TRY_VOID(ExpectArray(functions, functions_at));
      std::int64_t k = 0;
      for (const auto f : functions.items()) {
        TRY_VOID(ReadFunction(f, functions_at.Element(k++), &r->tools.emplace_back()));
      }
    }
    for (const auto m : item.members()) {
      if (Camel(m.key) == "functionDeclarations") continue;
      chat::Tool& tool = r->tools.emplace_back();  // googleSearch, codeExecution, ...
      tool.dialect = chat::Dialect::kGemini;
      tool.name = Camel(m.key);
      JsonWriter(&tool.opaque.text).BeginObject().RawField(m.key, m.value.raw()).EndObject();
    }
  }
  return {};
}

Status ToolConfig(JsonView v, const Place& at, Request* r) {
  using Kind = chat::ToolChoice::Kind;
  TRY_VOID(ExpectObject(v, at));
  const JsonView config = Get(v, "functionCallingConfig");
  std::string mode;
  if (const JsonView m = config["mode"]; !m.missing()) TRY_VOID(ReadString(m, at.Member("mode"), &mode));
  const JsonView allowed = Get(config, "allowedFunctionNames");
  const bool plain =
      v.size() == 1 && !config.missing() &&
      config.size() == std::size_t{config["mode"].missing() ? 0u : 1u} + (allowed.missing() ? 0 : 1);
  auto& choice = r->tool_choice;
  if (plain && mode == "AUTO" && allowed.missing()) {
    choice.kind = Kind::kAuto;
  } else if (plain && mode == "NONE" && allowed.missing()) {
    choice.kind = Kind::kNone;
  } else if (plain && mode == "ANY" && allowed.empty()) {
    choice.kind = Kind::kRequired;
  } else if (plain && mode == "ANY" && allowed.size() == 1) {
    choice.kind = Kind::kNamed;
    choice.name = (*allowed.items().begin()).str();
  } else {
    choice.kind = Kind::kOpaque;
    choice.opaque = RawOf(v);
  }
  return {};
}

Status Thinking(JsonView v, const Place& at, Request* r) {
  TRY_VOID(ExpectObject(v, at));
  r->reasoning.opaque = RawOf(v);
  std::optional<bool> thoughts;
  if (const JsonView t = Get(v, "includeThoughts"); !t.missing()) {
    TRY_VOID(ReadBool(t, at.Member("includeThoughts"), &thoughts));
    r->reasoning.include_thoughts = thoughts;
  }
  if (const JsonView b = Get(v, "thinkingBudget"); !b.missing()) {
    TRY_VOID(ReadInteger(b, at.Member("thinkingBudget"), -1, kMaxInt, &r->reasoning.budget));
  }
  if (const JsonView l = Get(v, "thinkingLevel"); !l.missing()) {
    std::string level;
    TRY_VOID(ReadString(l, at.Member("thinkingLevel"), &level));
    for (char& c : level) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    r->reasoning.effort = level;
  }
  return {};
}

Status StopSequences(JsonView v, const Place& at, Request* r) {
  TRY_VOID(ExpectArray(v, at));
  std::int64_t i = 0;
  for (const auto item : v.items()) {
    if (!item.is_string()) return WrongType(at.Element(i), "a string", item);
    r->stop.emplace_back(item.str());
    ++i;
  }
  return {};
}

Status Schema(JsonView v, const Place& at, Request* r) {
  TRY_VOID(ExpectObject(v, at));
  r->response_format.kind = chat::ResponseFormat::Kind::kJsonSchema;
  r->response_format.schema = JsonSchemaOf(v);
  return {};
}

Status MimeType(JsonView v, const Place& at, Request* r) {
  using Kind = chat::ResponseFormat::Kind;
  std::string type;
  TRY_VOID(ReadString(v, at, &type));
  auto& f = r->response_format;
  if (type == "application/json") {
    if (f.kind == Kind::kUnset) f.kind = Kind::kJsonObject;
  } else if (type == "text/plain") {
    f.kind = Kind::kText;
  } else if (!type.empty()) {
    f.kind = Kind::kOpaque;
    f.opaque = RawOf(v);
  }
  return {};
}

Status ConfigField(std::string_view name, JsonView v, const Place& at, Request* r, bool* known) {
  *known = true;
  if (name == "temperature") return ReadNumber(v, at, 0, 2, &r->temperature);
  if (name == "topP") return ReadNumber(v, at, 0, 1, &r->top_p);
  if (name == "topK") return ReadInteger(v, at, 0, kMaxInt, &r->top_k);
  if (name == "frequencyPenalty") return ReadNumber(v, at, -2, 2, &r->frequency_penalty);
  if (name == "presencePenalty") return ReadNumber(v, at, -2, 2, &r->presence_penalty);
  if (name == "maxOutputTokens") return ReadInteger(v, at, 1, kMaxInt, &r->max_tokens);
  if (name == "candidateCount") return ReadInteger(v, at, 1, 128, &r->n);
  if (name == "seed") return ReadInteger(v, at, kMinInt, kMaxInt, &r->seed);
  if (name == "responseLogprobs") return ReadBool(v, at, &r->logprobs);
  if (name == "logprobs") return ReadInteger(v, at, 0, 20, &r->top_logprobs);
  if (name == "stopSequences") return StopSequences(v, at, r);
  if (name == "responseMimeType") return MimeType(v, at, r);
  if (name == "responseSchema" || name == "responseJsonSchema") return Schema(v, at, r);
  if (name == "thinkingConfig") return Thinking(v, at, r);
  *known = false;
  return {};
}

Status Config(JsonView v, const Place& at, Request* r) {
  TRY_VOID(ExpectObject(v, at));
  std::string rest;
  JsonWriter w(&rest);
  w.BeginObject();
  bool any = false;
  for (const auto m : v.members()) {
    if (m.value.is_null()) continue;
    bool known = false;
    TRY_VOID(ConfigField(Camel(m.key), m.value, at.Member(m.key), r, &known));
    if (known) continue;
    w.RawField(m.key, m.value.raw());
    any = true;
  }
  w.EndObject();
  if (any) r->extra.emplace_back("generationConfig", chat::Json{std::move(rest)});
  return {};
}

Status Contents(JsonView v, const Place& at, PartReader* reader, Request* r) {
  if (v.is_object()) return ReadContent(v, at, false, reader, &r->messages);  // one content is accepted there
  TRY_VOID(ExpectArray(v, at));
  if (v.empty()) return BadValue(at, "at least one content is needed.", "empty_array");
  std::int64_t i = 0;
  for (const auto item : v.items()) TRY_VOID(ReadContent(item, at.Element(i++), false, reader, &r->messages));
  return {};
}

// Calls without ids and their results, in order: the n-th result of a name answers the n-th call of that
// name.
void MatchResults(std::vector<Message>* messages) {
  std::vector<const chat::ToolCall*> open;
  for (auto& m : *messages) {
    for (auto& part : m.parts) {
      if (const auto* call = std::get_if<chat::ToolCall>(&part)) open.push_back(call);
      auto* result = std::get_if<chat::ToolResult>(&part);
      if (!result || open.empty()) continue;
      for (auto it = open.begin(); it != open.end(); ++it) {
        if (result->call_id.empty() ? (*it)->name != result->name : (*it)->id != result->call_id) continue;
        result->call_id = (*it)->id;
        open.erase(it);
        break;
      }
    }
  }
}

}  // namespace

Result<Request> DecodeRequest(std::string body, std::string_view model, bool stream) {
  Request r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kGemini;
  r.model = model;
  r.stream = r.include_usage = stream;
  const auto doc = JsonDoc::Parse(r.raw);
  if (!doc) {
    Error e = doc.error();
    e.message = "The request body cannot be read as JSON: " + e.message;
    return e;
  }
  const Place root;
  if (!doc->root().is_object()) return WrongType(root, "a JSON object", doc->root());
  PartReader reader;
  Seen seen;
  bool contents = false;
  std::vector<Message> system;
  for (const auto m : doc->root().members()) {
    const std::string name = Camel(m.key);
    const Place at = root.Member(m.key);
    if (name == "contents") {
      if (!seen.First(0)) return Duplicate(at);
      contents = true;
      TRY_VOID(Contents(m.value, at, &reader, &r));
    } else if (name == "systemInstruction") {
      if (!seen.First(1)) return Duplicate(at);
      TRY_VOID(ReadContent(m.value, at, true, &reader, &system));
    } else if (name == "tools") {
      if (!seen.First(2)) return Duplicate(at);
      TRY_VOID(Tools(m.value, at, &r));
    } else if (name == "toolConfig") {
      if (!seen.First(3)) return Duplicate(at);
      TRY_VOID(ToolConfig(m.value, at, &r));
    } else if (name == "generationConfig") {
      if (!seen.First(4)) return Duplicate(at);
      TRY_VOID(Config(m.value, at, &r));
    } else if (name == "model") {
      continue;  // said in the path
    } else {
      Keep(&r.extra, m.key, m.value);
    }
  }
  if (!contents) return Missing(root.Member("contents"));
  r.messages.insert(r.messages.begin(), std::make_move_iterator(system.begin()),
                    std::make_move_iterator(system.end()));
  MatchResults(&r.messages);
  return r;
}

}  // namespace baton::provider::gemini
