// Messages in OpenAI's dialect. The same reading serves requests (every mistake is the client's and is named)
// and replies of compatible servers (odd things are tolerated).
//
// OpenAI keeps reasoning, text and tool calls of an answer in separate members and so loses their order.
// Entries of reasoning_details carry an `index`: how many visible units (reasoning block, first text, tool
// call) stood before them. From that the order is restored, which Anthropic's and Gemini's signatures insist
// on.
#include <algorithm>

#include "provider/fields.h"
#include "provider/openai.h"

namespace baton::provider::openai {
namespace {

using chat::Media;
using chat::Message;
using chat::Part;

// "data:image/png;base64,AAAA" -> media_type, data. Anything else stays a url.
void SetUrl(std::string_view url, Media* media) {
  if (url.starts_with("data:")) {
    const auto comma = url.find(',');
    const auto head = url.substr(5, comma == std::string_view::npos ? 0 : comma - 5);
    if (comma != std::string_view::npos && head.ends_with(";base64")) {
      media->media_type = head.substr(0, head.size() - 7);
      media->data = url.substr(comma + 1);
      return;
    }
  }
  media->url = url;
}

Status Inner(JsonView v, const Place& at, std::string_view prefix, Media* media,
             Status (*read)(const JsonView::Member&, const Place&, Media*, bool*)) {
  if (v.missing()) return Missing(at);
  TRY_VOID(ExpectObject(v, at));
  for (const auto m : v.members()) {
    bool known = false;
    TRY_VOID(read(m, at.Member(m.key), media, &known));
    if (!known) Keep(&media->extra, std::string(prefix) + "." + std::string(m.key), m.value);
  }
  return {};
}

Status ImageField(const JsonView::Member& m, const Place& at, Media* media, bool* known) {
  *known = true;
  if (m.key == "url") {
    if (!m.value.is_string()) return WrongType(at, "a string", m.value);
    SetUrl(m.value.str(), media);
  } else if (m.key == "detail") {
    return ReadString(m.value, at, &media->detail);
  } else {
    *known = false;
  }
  return {};
}

Status AudioField(const JsonView::Member& m, const Place& at, Media* media, bool* known) {
  *known = true;
  if (m.key == "data") return ReadString(m.value, at, &media->data);
  if (m.key == "format") return ReadString(m.value, at, &media->format);
  *known = false;
  return {};
}

Status FileField(const JsonView::Member& m, const Place& at, Media* media, bool* known) {
  *known = true;
  if (m.key == "file_id") return ReadString(m.value, at, &media->file_id);
  if (m.key == "filename") return ReadString(m.value, at, &media->filename);
  if (m.key == "file_data") {
    std::string data;
    TRY_VOID(ReadString(m.value, at, &data));
    SetUrl(data, media);
    if (!media->url.empty()) std::swap(media->url, media->data);  // bare base64
    return {};
  }
  *known = false;
  return {};
}

Status ReadMedia(JsonView v, const Place& at, std::string_view type, Media* media) {
  std::string_view inner = "image_url";
  if (type == "image_url") {
    media->kind = Media::Kind::kImage;
    TRY_VOID(Inner(v[inner], at.Member(inner), inner, media, ImageField));
    if (media->url.empty() && media->data.empty()) return Missing(at.Member("image_url").Member("url"));
  } else if (type == "video_url") {
    inner = "video_url";
    media->kind = Media::Kind::kVideo;
    TRY_VOID(Inner(v[inner], at.Member(inner), inner, media, ImageField));
  } else if (type == "input_audio") {
    inner = "input_audio";
    media->kind = Media::Kind::kAudio;
    TRY_VOID(Inner(v[inner], at.Member(inner), inner, media, AudioField));
    if (media->data.empty()) return Missing(at.Member(inner).Member("data"));
    media->media_type = media->format == "mp3" ? "audio/mpeg" : "audio/" + media->format;
  } else {
    inner = "file";
    media->kind = Media::Kind::kFile;
    TRY_VOID(Inner(v[inner], at.Member(inner), inner, media, FileField));
    if (media->data.empty() && media->file_id.empty() && media->url.empty()) {
      return Missing(at.Member(inner), "Give 'file_id' or 'file_data'.");
    }
  }
  for (const auto m : v.members()) {
    if (m.key != "type" && m.key != inner) Keep(&media->extra, m.key, m.value);
  }
  return {};
}

Status ReadText(JsonView v, const Place& at, chat::Text* text) {
  const JsonView value = v["text"];
  if (value.missing()) return Missing(at.Member("text"));
  if (!value.is_string()) return WrongType(at.Member("text"), "a string", value);
  text->text = value.str();
  for (const auto m : v.members()) {
    if (m.key != "type" && m.key != "text") Keep(&text->extra, m.key, m.value);
  }
  return {};
}

Status ReadPart(JsonView v, const Place& at, std::vector<Part>* out) {
  TRY_VOID(ExpectObject(v, at));
  const JsonView type_view = v["type"];
  if (type_view.missing()) return Missing(at.Member("type"));
  if (!type_view.is_string()) return WrongType(at.Member("type"), "a string", type_view);
  const std::string_view type = type_view.str();
  if (type == "text") return ReadText(v, at, &std::get<chat::Text>(out->emplace_back(chat::Text{})));
  if (type == "image_url" || type == "video_url" || type == "input_audio" || type == "file") {
    return ReadMedia(v, at, type, &std::get<Media>(out->emplace_back(Media{})));
  }
  if (type == "refusal") {
    const JsonView refusal = v["refusal"];
    if (!refusal.is_string()) return WrongType(at.Member("refusal"), "a string", refusal);
    out->emplace_back(chat::Refusal{std::string(refusal.str())});
    return {};
  }
  // A kind we do not know: the worker of the same dialect may.
  out->emplace_back(chat::Opaque{chat::Dialect::kOpenAi, RawOf(v)});
  return {};
}

// content: string, list of parts, or null.
Status ReadContent(JsonView v, const Place& at, bool* plain, std::vector<Part>* out) {
  if (v.is_string()) {
    *plain = true;
    out->emplace_back(chat::Text{std::string(v.str()), {}});
    return {};
  }
  if (!v.is_array()) return WrongType(at, "a string or an array of parts", v);
  *plain = false;
  std::int64_t i = 0;
  for (const auto item : v.items()) TRY_VOID(ReadPart(item, at.Element(i++), out));
  return {};
}

void ReadSignature(JsonView extra_content, chat::ToolCall* call) {
  const JsonView signature = extra_content["google"]["thought_signature"];
  if (!signature.is_string()) return;
  call->signature = signature.str();
  call->signature_origin =
      extra_content["origin"].str() == kGeminiMark ? chat::Dialect::kGemini : chat::Dialect::kOpenAi;
}

Status CallBody(JsonView v, const Place& at, bool custom, bool worker, chat::ToolCall* call) {
  if (!worker) TRY_VOID(ExpectObject(v, at));
  const std::string_view arguments = custom ? "input" : "arguments";
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "name") {
      TRY_VOID(ReadString(m.value, member, &call->name));
    } else if (m.key == arguments) {
      // Some servers send the arguments as an object; its text is what the model wrote.
      if (m.value.is_object()) {
        call->arguments = m.value.raw();
      } else {
        TRY_VOID(ReadString(m.value, member, &call->arguments));
      }
    } else {
      Keep(&call->extra, (custom ? "custom." : "function.") + std::string(m.key), m.value);
    }
  }
  if (call->name.empty() && !worker) return Missing(at.Member("name"));
  return {};
}

Status ReadCall(JsonView v, const Place& at, bool worker, chat::ToolCall* call) {
  TRY_VOID(ExpectObject(v, at));
  const JsonView type = v["type"];
  call->custom = type.str() == "custom";
  const std::string_view body = call->custom ? "custom" : "function";
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "id") {
      TRY_VOID(ReadString(m.value, member, &call->id));
    } else if (m.key == body) {
      TRY_VOID(CallBody(m.value, member, call->custom, worker, call));
    } else if (m.key == "extra_content") {
      ReadSignature(m.value, call);
      if (call->signature.empty()) Keep(&call->extra, m.key, m.value);
    } else if (m.key != "type" && m.key != "index") {
      Keep(&call->extra, m.key, m.value);
    }
  }
  if (worker) return {};
  if (call->id.empty()) return Missing(at.Member("id"));
  if (v[body].missing()) return Missing(at.Member(body));
  return {};
}

struct Thought {
  std::int64_t index;
  chat::Reasoning block;
};

void ReadDetail(JsonView v, std::int64_t position, bool worker, std::vector<Thought>* out) {
  Thought t{v["index"].integer().value_or(position), {}};
  auto& r = t.block;
  for (const auto m : v.members()) {
    if (m.key == "text" || m.key == "summary") {
      r.text += m.value.str();
    } else if (m.key == "signature") {
      r.signature = m.value.str();
    } else if (m.key == "data") {
      r.encrypted = m.value.str();
    } else if (m.key == "format" && !worker && OriginOf(m.value.str()) != chat::Dialect::kOpenAi) {
      r.origin = OriginOf(m.value.str());
    } else if (m.key != "index") {
      Keep(&r.extra, m.key, m.value);
    }
  }
  if (r.origin == chat::Dialect::kNone) {
    r.origin = chat::Dialect::kOpenAi;
  }
  // The type that follows from what is set need not be kept.
  const std::string_view usual = r.encrypted.empty() ? "\"reasoning.text\"" : "\"reasoning.encrypted\"";
  std::erase_if(r.extra, [&](const auto& e) { return e.first == "type" && e.second.text == usual; });
  out->push_back(std::move(t));
}

// LiteLLM's form of Anthropic's blocks.
void ReadThinkingBlock(JsonView v, std::int64_t position, std::vector<Thought>* out) {
  Thought t{position, {}};
  t.block.origin = chat::Dialect::kAnthropic;
  t.block.text = v["thinking"].str();
  t.block.signature = v["signature"].str();
  t.block.encrypted = v["data"].str();
  out->push_back(std::move(t));
}

// The reasoning of a message, from the richest of the forms in use.
std::vector<Thought> ReadThoughts(JsonView message, bool worker) {
  std::vector<Thought> out;
  std::int64_t i = 0;
  for (const auto v : message["reasoning_details"].items()) ReadDetail(v, i++, worker, &out);
  if (!out.empty()) return out;
  for (const auto v : message["thinking_blocks"].items()) ReadThinkingBlock(v, i++, &out);
  if (!out.empty()) return out;
  for (const auto name : {"reasoning_content", "reasoning"}) {
    const JsonView text = message[name];
    if (!text.is_string() || text.str().empty()) continue;
    Thought t{0, {}};
    t.block.text = text.str();
    t.block.origin = chat::Dialect::kOpenAi;
    out.push_back(std::move(t));
    return out;
  }
  return out;
}

// Puts the thoughts where they stood. `parts` holds text and tool calls; consecutive texts count as one unit.
void Weave(std::vector<Thought> thoughts, std::vector<Part>* parts) {
  if (thoughts.empty()) return;
  std::stable_sort(thoughts.begin(), thoughts.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
  std::vector<Part> out;
  std::int64_t units = 0;
  bool text_counted = false;
  std::size_t next = 0;
  const auto take = [&] {
    while (next < thoughts.size() && thoughts[next].index <= units) {
      out.emplace_back(std::move(thoughts[next++].block));
      ++units;
    }
  };
  for (auto& part : *parts) {
    take();
    const bool call = std::holds_alternative<chat::ToolCall>(part);
    if (call || !text_counted) ++units;
    text_counted |= !call;
    out.push_back(std::move(part));
  }
  while (next < thoughts.size()) out.emplace_back(std::move(thoughts[next++].block));
  *parts = std::move(out);
}

bool ReasoningName(std::string_view key) {
  return key == "reasoning_content" || key == "reasoning" || key == "reasoning_details" ||
         key == "thinking_blocks";
}

Status CheckReasoning(JsonView v, const Place& at, bool worker) {
  if (worker || v.is_null()) return {};
  const bool list = at.key == "reasoning_details" || at.key == "thinking_blocks";
  if (list && !v.is_array()) return WrongType(at, "an array", v);
  if (!list && !v.is_string() && !v.is_object()) return WrongType(at, "a string", v);
  return {};
}

Status AssistantAt(JsonView v, const Place& at, bool worker, Message* out) {
  bool has_content = false, has_other = false;
  JsonView calls;
  for (const auto m : v.members()) {
    const Place member = at.Member(m.key);
    if (m.key == "role") continue;
    if (m.key == "content") {
      if (m.value.is_null()) continue;
      has_content = true;
      TRY_VOID(ReadContent(m.value, member, &out->plain, &out->parts));
    } else if (m.key == "refusal") {
      std::string refusal;
      TRY_VOID(ReadString(m.value, member, &refusal));
      if (m.value.is_null()) continue;
      out->parts.emplace_back(chat::Refusal{std::move(refusal)});
      has_other = true;
    } else if (m.key == "name") {
      TRY_VOID(ReadString(m.value, member, &out->name));
    } else if (m.key == "tool_calls") {
      calls = m.value;
    } else if (ReasoningName(m.key)) {
      TRY_VOID(CheckReasoning(m.value, member, worker));
      has_other = true;
    } else {
      has_other |= (m.key == "function_call" || m.key == "audio") && !m.value.is_null();
      if (!m.value.is_null()) Keep(&out->extra, m.key, m.value);
    }
  }
  if (!calls.missing() && !calls.is_null()) {
    const Place calls_at = at.Member("tool_calls");
    if (!calls.is_array()) return WrongType(calls_at, "an array", calls);
    std::int64_t i = 0;
    for (const auto call : calls.items()) {
      auto& part = out->parts.emplace_back(chat::ToolCall{});
      TRY_VOID(ReadCall(call, calls_at.Element(i++), worker, &std::get<chat::ToolCall>(part)));
    }
    has_other |= i > 0;
  }
  if (!worker && !has_content && !has_other) {
    return Missing(at.Member("content"),
                   "Only an assistant message with 'tool_calls' or 'refusal' may omit it.");
  }
  Weave(ReadThoughts(v, worker), &out->parts);
  return {};
}

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
  if (word == "assistant") {
    out->role = chat::Role::kAssistant;
    return AssistantAt(v, at, false, out);
  }
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

chat::Dialect OriginOf(std::string_view format) {
  if (format == kAnthropicMark) return chat::Dialect::kAnthropic;
  if (format == kGeminiMark) return chat::Dialect::kGemini;
  return chat::Dialect::kOpenAi;
}

Status DecodeAssistantFields(JsonView message, bool worker, Message* out) {
  out->role = chat::Role::kAssistant;
  return AssistantAt(message, Place{}, worker, out);
}

Status DecodeMessages(JsonView messages, std::vector<Message>* out) {
  const Place root;
  const Place list = root.Member("messages");
  out->reserve(messages.size());
  std::int64_t i = 0;
  for (const auto v : messages.items()) TRY_VOID(OneMessage(v, list.Element(i++), &out->emplace_back()));
  return {};
}

}  // namespace baton::provider::openai
