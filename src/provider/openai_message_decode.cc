// The messages of a request in OpenAI's dialect, by role.
#include "provider/fields.h"
#include "provider/openai.h"

namespace baton::provider::openai {
namespace {

using chat::Media;
using chat::Message;
using chat::Part;

Status ToolMessage(JsonView v, const Place& at, Message* out) {
  chat::ToolResult result;
  std::vector<Part> content;
  bool has_content = false;
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "role") continue;
    if (m.key == "tool_call_id") {
      TRY_VOID(ReadString(m.value, member, &result.call_id));
    } else if (m.key == "name") {
      TRY_VOID(ReadString(m.value, member, &result.name));
    } else if (m.key == "content") {
      has_content = true;
      if (m.value.is_null()) return WrongType(member, "a string or an array of parts", m.value);
      TRY_VOID(ReadContent(m.value, member, &out->plain, &content));
    } else {
      Keep(&out->extra, m.key, m.value);
    }
  }
  if (v["role"].str() == "function") {  // the deprecated form has a name instead of an id
    out->extra.emplace_back("role", chat::Json{"\"function\""});
    if (result.name.empty()) return Missing(at.Member("name"));
  } else if (result.call_id.empty()) {
    return Missing(at.Member("tool_call_id"), "Say which tool call this message answers.");
  }
  if (!has_content) return Missing(at.Member("content"));
  for (auto& part : content) {
    if (auto* text = std::get_if<chat::Text>(&part)) {
      result.content.emplace_back(std::move(*text));
    } else if (auto* media = std::get_if<Media>(&part)) {
      result.content.emplace_back(std::move(*media));
    } else {
      return BadValue(at.Member("content"), "a tool message holds text or images only.");
    }
  }
  out->parts.emplace_back(std::move(result));
  return {};
}

Status PlainMessage(JsonView v, const Place& at, Message* out) {
  bool has_content = false;
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "role") continue;
    if (m.key == "content") {
      has_content = true;
      TRY_VOID(ReadContent(m.value, member, &out->plain, &out->parts));
    } else if (m.key == "name") {
      TRY_VOID(ReadString(m.value, member, &out->name));
    } else {
      Keep(&out->extra, m.key, m.value);
    }
  }
  if (!has_content) return Missing(at.Member("content"));
  if (!out->plain && out->parts.empty())
    return BadValue(at.Member("content"), "the list of parts is empty.", "empty_array");
  return {};
}

// Messages have few members; what is checked must be what is sent, so none may come twice.
Status CheckNoTwice(JsonView v, const Place& at) {
  const auto members = v.members();
  for (auto it = members.begin(); it != members.end(); ++it) {
    for (auto before = members.begin(); before != it; ++before) {
      if ((*before).key == (*it).key) return Duplicate(at.Member((*it).key));
    }
  }
  return {};
}

Status OneMessage(JsonView v, const Place& at, Message* out) {
  TRY_VOID(ExpectObject(v, at));
  if (v.size() > 64) return BadValue(at, "it has too many members.");
  TRY_VOID(CheckNoTwice(v, at));
  const JsonView role = v["role"];
  if (role.missing()) return Missing(at.Member("role"));
  if (!role.is_string()) return WrongType(at.Member("role"), "a string", role);
  const std::string_view word = role.str();
  if (word == "assistant") return DecodeAssistant(v, at, false, out);
  if (word == "tool" || word == "function") {
    out->role = chat::Role::kTool;
    return ToolMessage(v, at, out);
  }
  if (word == "user") {
    out->role = chat::Role::kUser;
  } else if (word == "system") {
    out->role = chat::Role::kSystem;
  } else if (word == "developer") {
    out->role = chat::Role::kDeveloper;
  } else {
    return ReadWord(role, at.Member("role"), {"system", "developer", "user", "assistant", "tool", "function"},
                    nullptr);
  }
  return PlainMessage(v, at, out);
}

}  // namespace

Status DecodeMessages(JsonView messages, std::vector<Message>* out) {
  const Place root;
  const Place list = root.Member("messages");
  out->reserve(messages.size());
  std::int64_t i = 0;
  for (const auto v : messages.items()) TRY_VOID(OneMessage(v, list.Element(i++), &out->emplace_back()));
  return {};
}

}  // namespace baton::provider::openai
