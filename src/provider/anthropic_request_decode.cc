// A request somebody sends in Anthropic's dialect.
#include <limits>

#include "provider/anthropic.h"
#include "provider/loss.h"

namespace baton::provider::anthropic {
namespace {

using chat::Message;
using chat::Request;
using chat::Role;

constexpr auto kMaxInt = std::numeric_limits<std::int64_t>::max();

Status Model(JsonView v, const Place& at, Request& r) {
  if (!v.is_string()) return WrongType(at, "a string", v);
  r.model = v.str();
  r.raw_model_pos = v.offset();
  r.raw_model_len = v.raw().size();
  return {};
}

Status MaxTokens(JsonView v, const Place& at, Request& r) {
  return ReadInteger(v, at, 1, kMaxInt, &r.max_tokens);
}
Status Temperature(JsonView v, const Place& at, Request& r) {
  return ReadNumber(v, at, 0, 1, &r.temperature);
}
Status TopP(JsonView v, const Place& at, Request& r) {
  return ReadNumber(v, at, 0, 1, &r.top_p);
}
Status TopK(JsonView v, const Place& at, Request& r) {
  return ReadInteger(v, at, 0, kMaxInt, &r.top_k);
}

Status Stream(JsonView v, const Place& at, Request& r) {
  std::optional<bool> b;
  TRY_VOID(ReadBool(v, at, &b));
  r.stream = b.value_or(false);
  // Anthropic's streams always end with usage.
  r.include_usage = r.stream;
  return {};
}

Status StopSequences(JsonView v, const Place& at, Request& r) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectArray(v, at));
  std::int64_t i = 0;
  for (const auto item : v.items()) {
    if (!item.is_string()) return WrongType(at.Element(i), "a string", item);
    r.stop.emplace_back(item.str());
    ++i;
  }
  return {};
}

// Goes in front of the messages.
Status System(JsonView v, const Place& at, Request& r) {
  Message m;
  m.role = Role::kSystem;
  TRY_VOID(ReadContent(v, at, false, &m.plain, &m.parts));
  if (!m.parts.empty()) r.messages.insert(r.messages.begin(), std::move(m));
  return {};
}

// A user message with tool results becomes a tool message (the results) and a user message (the rest), as in
// every other dialect; encoding for Anthropic joins them again.
void AddMessage(Message m, std::vector<Message>* out) {
  Message results;
  results.role = Role::kTool;
  std::vector<chat::Part> rest;
  for (auto& part : m.parts) {
    (std::holds_alternative<chat::ToolResult>(part) ? results.parts : rest).push_back(std::move(part));
  }
  if (results.parts.empty() || m.role != Role::kUser) {
    m.parts = std::move(rest);
    for (auto& part : results.parts) m.parts.push_back(std::move(part));
    out->push_back(std::move(m));
    return;
  }
  out->push_back(std::move(results));
  if (rest.empty()) return;
  m.parts = std::move(rest);
  out->push_back(std::move(m));
}

Status OneMessage(JsonView v, const Place& at, std::vector<Message>* out) {
  TRY_VOID(ExpectObject(v, at));
  Message m;
  Seen seen;
  bool has_role = false, has_content = false;
  for (const auto field : v.members()) {
    const Place member = at.Member(field.key);
    if (field.key == "role") {
      if (!seen.First(0)) return Duplicate(member);
      std::string word;
      TRY_VOID(ReadWord(field.value, member, {"user", "assistant", "system"}, &word));
      m.role = word == "assistant" ? Role::kAssistant : word == "system" ? Role::kSystem : Role::kUser;
      has_role = !word.empty();
    } else if (field.key == "content") {
      if (!seen.First(1)) return Duplicate(member);
      TRY_VOID(ReadContent(field.value, member, false, &m.plain, &m.parts));
      has_content = true;
    } else {
      Keep(&m.extra, field.key, field.value);
    }
  }
  if (!has_role) return Missing(at.Member("role"));
  if (!has_content) return Missing(at.Member("content"));
  AddMessage(std::move(m), out);
  return {};
}

Status Messages(JsonView v, const Place& at, Request& r) {
  TRY_VOID(ExpectArray(v, at));
  if (v.empty()) return BadValue(at, "at least one message is needed.", "empty_array");
  std::int64_t i = 0;
  for (const auto item : v.items()) TRY_VOID(OneMessage(item, at.Element(i++), &r.messages));
  return {};
}

Status OneTool(JsonView v, const Place& at, chat::Tool* tool) {
  TRY_VOID(ExpectObject(v, at));
  const JsonView type = v["type"];
  if (type.is_string() && type.str() != "custom") {  // a server tool
    tool->dialect = chat::Dialect::kAnthropic;
    tool->opaque = RawOf(v);
    tool->name = v["name"].str();
    return {};
  }
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "name") {
      TRY_VOID(ReadString(m.value, member, &tool->name));
    } else if (m.key == "description") {
      TRY_VOID(ReadString(m.value, member, &tool->description));
    } else if (m.key == "input_schema") {
      TRY_VOID(ExpectObject(m.value, member));
      tool->parameters = RawOf(m.value);
    } else if (m.key == "strict") {
      TRY_VOID(ReadBool(m.value, member, &tool->strict));
    } else if (m.key != "type") {
      Keep(&tool->extra, m.key, m.value);
    }
  }
  if (tool->name.empty()) return Missing(at.Member("name"));
  if (tool->parameters.empty()) return Missing(at.Member("input_schema"));
  return {};
}

Status Tools(JsonView v, const Place& at, Request& r) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectArray(v, at));
  std::int64_t i = 0;
  for (const auto item : v.items()) TRY_VOID(OneTool(item, at.Element(i++), &r.tools.emplace_back()));
  return {};
}

Status ToolChoice(JsonView v, const Place& at, Request& r) {
  using Kind = chat::ToolChoice::Kind;
  if (v.is_null()) return {};
  TRY_VOID(ExpectObject(v, at));
  std::string word;
  TRY_VOID(ReadWord(v["type"], at.Member("type"), {"auto", "any", "tool", "none"}, &word));
  if (word.empty()) return Missing(at.Member("type"));
  auto& choice = r.tool_choice;
  choice.kind = word == "auto"   ? Kind::kAuto
                : word == "any"  ? Kind::kRequired
                : word == "tool" ? Kind::kNamed
                                 : Kind::kNone;
  if (choice.kind == Kind::kNamed) {
    if (!v["name"].is_string()) return Missing(at.Member("name"));
    choice.name = v["name"].str();
  }
  std::optional<bool> one_by_one;
  if (const JsonView d = v["disable_parallel_tool_use"]; !d.missing()) {
    TRY_VOID(ReadBool(d, at.Member("disable_parallel_tool_use"), &one_by_one));
  }
  if (one_by_one) r.parallel_tool_calls = !*one_by_one;
  return {};
}

Status Thinking(JsonView v, const Place& at, Request& r) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectObject(v, at));
  std::string word;
  TRY_VOID(ReadWord(v["type"], at.Member("type"), {"enabled", "disabled", "adaptive"}, &word));
  if (word.empty()) return Missing(at.Member("type"));
  r.reasoning.opaque = RawOf(v);
  if (word == "disabled") r.reasoning.budget = 0;
  if (word == "enabled") {
    const JsonView budget = v["budget_tokens"];
    if (budget.missing()) return Missing(at.Member("budget_tokens"));
    TRY_VOID(ReadInteger(budget, at.Member("budget_tokens"), 1024, kMaxInt, &r.reasoning.budget));
  }
  return {};
}

Status OutputConfig(JsonView v, const Place& at, Request& r) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectObject(v, at));
  std::string rest;
  JsonWriter w(&rest);
  w.BeginObject();
  bool any = false;
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "effort") {
      TRY_VOID(ReadWord(m.value, member, {"low", "medium", "high", "xhigh", "max"}, &r.reasoning.effort));
    } else if (m.key == "format" && m.value["type"].str() == "json_schema") {
      TRY_VOID(ExpectObject(m.value["schema"], member.Member("schema")));
      r.response_format.kind = chat::ResponseFormat::Kind::kJsonSchema;
      r.response_format.schema = RawOf(m.value["schema"]);
    } else {
      w.RawField(m.key, m.value.raw());
      any = true;
    }
  }
  w.EndObject();
  if (any) r.extra.emplace_back("output_config", chat::Json{std::move(rest)});
  return {};
}

Status Metadata(JsonView v, const Place& at, Request& r) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectObject(v, at));
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "user_id") {
      TRY_VOID(ReadString(m.value, member, &r.user));
    } else if (m.value.is_string()) {
      r.metadata.emplace_back(m.key, m.value.str());
    } else if (!m.value.is_null()) {
      return WrongType(member, "a string", m.value);
    }
  }
  return {};
}

struct Row {
  std::string_view name;
  Status (*read)(JsonView, const Place&, Request&);
};
constexpr Row kRows[] = {
    {"model", Model},
    {"messages", Messages},
    {"system", System},
    {"max_tokens", MaxTokens},
    {"stream", Stream},
    {"temperature", Temperature},
    {"top_p", TopP},
    {"top_k", TopK},
    {"stop_sequences", StopSequences},
    {"tools", Tools},
    {"tool_choice", ToolChoice},
    {"thinking", Thinking},
    {"metadata", Metadata},
    {"output_config", OutputConfig},
};

Status Member(const JsonView::Member& m, const Place& root, Seen* seen, Request* r) {
  const Place at = root.Member(m.key);
  int i = 0;
  for (const auto& row : kRows) {
    if (row.name != m.key) {
      ++i;
      continue;
    }
    if (!seen->First(i)) return Duplicate(at);
    return row.read(m.value, at, *r);
  }
  Keep(&r->extra, m.key, m.value);
  return {};
}

}  // namespace

Result<Request> DecodeRequest(std::string body) {
  Request r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kAnthropic;
  const auto doc = JsonDoc::Parse(r.raw);
  if (!doc) {
    Error e = doc.error();
    e.message = "The request body cannot be read as JSON: " + e.message;
    return e;
  }
  const Place root;
  if (!doc->root().is_object()) return WrongType(root, "a JSON object", doc->root());
  Seen seen;
  for (const auto m : doc->root().members()) TRY_VOID(Member(m, root, &seen, &r));
  if (r.model.empty()) return Missing(root.Member("model"));
  if (!seen.Has(1)) return Missing(root.Member("messages"));
  if (!r.max_tokens) return Missing(root.Member("max_tokens"));
  return r;
}

}  // namespace baton::provider::anthropic
