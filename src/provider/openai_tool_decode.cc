// The tools of a request in OpenAI's dialect, and which of them the model shall use; today's form and the
// deprecated one.
#include "provider/fields.h"
#include "provider/openai.h"

namespace baton::provider::openai {
namespace {

// {"type":"function","function":{...}}: members the neutral tool has no name for keep their place by a
// prefix.
Status FunctionTool(JsonView v, const Place& at, chat::Tool* tool) {
  TRY_VOID(ExpectObject(v, at));
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "name") {
      if (!m.value.is_string()) return WrongType(member, "a string", m.value);
      tool->name = m.value.str();
    } else if (m.key == "description") {
      TRY_VOID(ReadString(m.value, member, &tool->description));
    } else if (m.key == "parameters") {
      if (m.value.is_null()) continue;
      TRY_VOID(ExpectObject(m.value, member));
      tool->parameters = RawOf(m.value);
    } else if (m.key == "strict") {
      TRY_VOID(ReadBool(m.value, member, &tool->strict));
    } else {
      Keep(&tool->extra, "function." + std::string(m.key), m.value);
    }
  }
  if (tool->name.empty()) return Missing(at.Member("name"), "Give the function a name.");
  if (tool->name.size() > 128) return BadValue(at.Member("name"), "a name has at most 128 characters.");
  return {};
}

Status OneTool(JsonView v, const Place& at, chat::Tool* tool) {
  TRY_VOID(ExpectObject(v, at));
  const JsonView type = v["type"];
  if (type.missing()) return Missing(at.Member("type"), "Use \"function\".");
  if (!type.is_string()) return WrongType(at.Member("type"), "a string", type);
  if (type.str() != "function") {  // custom tools, and whatever comes next
    tool->dialect = chat::Dialect::kOpenAi;
    tool->opaque = RawOf(v);
    tool->name = v["custom"]["name"].str();
    return {};
  }
  const JsonView function = v["function"];
  if (function.missing()) return Missing(at.Member("function"));
  TRY_VOID(FunctionTool(function, at.Member("function"), tool));
  for (const auto m : v.members()) {
    if (m.key != "type" && m.key != "function") Keep(&tool->extra, m.key, m.value);
  }
  return {};
}

}  // namespace

Status DecodeTools(JsonView v, const Place& at, chat::Request& r) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectArray(v, at));
  std::int64_t i = 0;
  for (const auto item : v.items()) TRY_VOID(OneTool(item, at.Element(i++), &r.tools.emplace_back()));
  return {};
}

Status DecodeToolChoice(JsonView v, const Place& at, chat::Request& r) {
  using Kind = chat::ToolChoice::Kind;
  if (v.is_null()) return {};
  if (v.is_string()) {
    std::string word;
    TRY_VOID(ReadWord(v, at, {"none", "auto", "required"}, &word));
    r.tool_choice.kind = word == "none" ? Kind::kNone : word == "auto" ? Kind::kAuto : Kind::kRequired;
    return {};
  }
  if (!v.is_object()) return WrongType(at, "a string or an object", v);
  const JsonView type = v["type"];
  if (!type.is_string())
    return type.missing() ? Missing(at.Member("type")) : WrongType(at.Member("type"), "a string", type);
  if (type.str() != "function") {
    r.tool_choice.kind = Kind::kOpaque;
    r.tool_choice.opaque = RawOf(v);
    return {};
  }
  const Place name_at = at.Member("function");
  const JsonView name = v["function"]["name"];
  if (name.missing()) return Missing(name_at.Member("name"), "Name the function to call.");
  if (!name.is_string()) return WrongType(name_at.Member("name"), "a string", name);
  r.tool_choice.kind = Kind::kNamed;
  r.tool_choice.name = name.str();
  return {};
}

Status CheckFunctions(JsonView v, const Place& at, chat::Request&) {
  if (v.is_null()) return {};
  TRY_VOID(ExpectArray(v, at));
  if (v.empty()) return BadValue(at, "the list is empty; leave it out instead.", "empty_array");
  std::int64_t i = 0;
  for (const auto item : v.items()) {
    chat::Tool tool;
    TRY_VOID(FunctionTool(item, at.Element(i++), &tool));
  }
  return {};
}

Status CheckFunctionCall(JsonView v, const Place& at, chat::Request&) {
  if (v.is_null()) return {};
  if (v.is_string()) return ReadWord(v, at, {"none", "auto"}, nullptr);
  if (!v.is_object()) return WrongType(at, "a string or an object", v);
  if (!v["name"].is_string()) return Missing(at.Member("name"));
  return {};
}

}  // namespace baton::provider::openai
