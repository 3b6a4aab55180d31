// Messages and answers in OpenAI's dialect, written.
#include "provider/fields.h"
#include "provider/openai.h"

namespace baton::provider::openai {
namespace {

using chat::Media;
using chat::Message;
using chat::Part;

constexpr std::string_view kNoCounterpart = "it has no counterpart in the worker's dialect";

std::string_view RoleWord(const Message& m) {
  switch (m.role) {
    case chat::Role::kSystem:
      return "system";
    case chat::Role::kDeveloper:
      return "developer";
    case chat::Role::kUser:
      return "user";
    case chat::Role::kAssistant:
      return "assistant";
    case chat::Role::kTool:
      return "tool";
  }
  return "user";
}

// Members under `prefix.` ("image_url.") or, with an empty prefix, those under none.
void WriteExtra(const chat::Extra& extra, std::string_view prefix, Plan* plan, JsonWriter* w) {
  for (const auto& [name, value] : extra) {
    const auto dot = name.find('.');
    const std::string_view in =
        dot == std::string::npos ? std::string_view() : std::string_view(name).substr(0, dot);
    if (in != prefix) continue;
    const std::string_view bare =
        prefix.empty() ? std::string_view(name) : std::string_view(name).substr(dot + 1);
    if (!plan || plan->own_extra()) {
      w->RawField(bare, value.text);
    } else {
      plan->Lose(bare, Loss::How::kDropped, kNoCounterpart);
    }
  }
}

std::string DataUrl(const Media& m, std::string_view fallback_type) {
  return "data:" + (m.media_type.empty() ? std::string(fallback_type) : m.media_type) + ";base64," + m.data;
}

void WriteUrlPart(const Media& m, std::string_view type, Plan* plan, JsonWriter* w) {
  w->BeginObject().Field("type", type).Key(type).BeginObject();
  w->Field("url",
           m.data.empty() ? m.url : DataUrl(m, m.kind == Media::Kind::kVideo ? "video/mp4" : "image/png"));
  if (!m.detail.empty()) w->Field("detail", m.detail);
  WriteExtra(m.extra, type, plan, w);
  w->EndObject();
  WriteExtra(m.extra, "", plan, w);
  w->EndObject();
}

void WriteAudio(const Media& m, Plan* plan, JsonWriter* w) {
  if (m.data.empty()) return plan->Refuse("messages", "audio must be sent inline as base64 here");
  std::string_view format = m.format;
  if (format.empty()) {
    format = m.media_type == "audio/mpeg" || m.media_type == "audio/mp3" ? "mp3" : "wav";
  }
  w->BeginObject().Field("type", "input_audio").Key("input_audio").BeginObject();
  w->Field("data", m.data).Field("format", format);
  WriteExtra(m.extra, "input_audio", plan, w);
  w->EndObject();
  WriteExtra(m.extra, "", plan, w);
  w->EndObject();
}

void WriteFile(const Media& m, Plan* plan, JsonWriter* w) {
  if (m.data.empty() && m.file_id.empty())
    return plan->Refuse("messages", "a file cannot be given by its address here");
  w->BeginObject().Field("type", "file").Key("file").BeginObject();
  if (!m.file_id.empty()) w->Field("file_id", m.file_id);
  if (!m.data.empty()) w->Field("file_data", m.media_type.empty() ? m.data : DataUrl(m, ""));
  if (!m.filename.empty()) w->Field("filename", m.filename);
  WriteExtra(m.extra, "file", plan, w);
  w->EndObject();
  WriteExtra(m.extra, "", plan, w);
  w->EndObject();
}

void WriteMedia(const Media& m, Plan* plan, JsonWriter* w) {
  if (!m.file_id.empty() && (m.kind != Media::Kind::kFile || !plan->own_extra())) {
    return plan->Refuse("messages", "a file id is known only to the vendor that gave it");
  }
  switch (m.kind) {
    case Media::Kind::kImage:
      return WriteUrlPart(m, "image_url", plan, w);
    case Media::Kind::kVideo:
      return WriteUrlPart(m, "video_url", plan, w);
    case Media::Kind::kAudio:
      return WriteAudio(m, plan, w);
    case Media::Kind::kFile:
      return WriteFile(m, plan, w);
  }
}

void WriteTextPart(const chat::Text& t, Plan* plan, JsonWriter* w) {
  w->BeginObject().Field("type", "text").Field("text", t.text);
  WriteExtra(t.extra, "", plan, w);
  w->EndObject();
}

void LoseOpaque(const chat::Opaque& o, Plan* plan) {
  plan->Lose("messages.content", Loss::How::kDropped,
             "a part in the " + std::string(DialectName(o.dialect)) + " dialect has no counterpart");
}

// Content as the client gave it: one string, or parts.
void WriteContent(const Message& m, Plan* plan, JsonWriter* w) {
  std::size_t texts = 0;
  const chat::Text* only = nullptr;
  bool others = false;
  for (const auto& part : m.parts) {
    if (const auto* text = std::get_if<chat::Text>(&part)) {
      ++texts;
      only = text;
    } else if (std::holds_alternative<Media>(part) || std::holds_alternative<chat::Opaque>(part)) {
      others = true;
    }
  }
  if (!others && texts == 1 && m.plain && only->extra.empty()) {
    w->Field("content", only->text);
    return;
  }
  if (!others && texts == 0) {
    w->Key("content").Null();
    return;
  }
  w->Key("content").BeginArray();
  for (const auto& part : m.parts) {
    if (const auto* text = std::get_if<chat::Text>(&part)) {
      WriteTextPart(*text, plan, w);
    } else if (const auto* media = std::get_if<Media>(&part)) {
      WriteMedia(*media, plan, w);
    } else if (const auto* opaque = std::get_if<chat::Opaque>(&part)) {
      if (opaque->dialect == chat::Dialect::kOpenAi) {
        w->Raw(opaque->json.text);
      } else {
        LoseOpaque(*opaque, plan);
      }
    }
  }
  w->EndArray();
}

void WriteResult(const Message& m, const chat::ToolResult& result, Plan* plan, JsonWriter* w) {
  const chat::Json* role = FindExtra(m.extra, "role");
  w->BeginObject();
  w->Field("role", role ? "function" : "tool");
  if (role) {
    w->Field("name", result.name);
  } else {
    w->Field("tool_call_id", result.call_id);
    if (!result.name.empty() && plan->own_extra()) w->Field("name", result.name);
  }
  if (result.is_error)
    plan->Lose("messages.is_error", Loss::How::kDropped, "the text of the result has to say it");
  const auto* only = result.content.size() == 1 ? std::get_if<chat::Text>(&result.content[0]) : nullptr;
  if (only && m.plain && only->extra.empty()) {
    w->Field("content", only->text);
  } else if (result.content.empty()) {
    w->Field("content", "");
  } else {
    w->Key("content").BeginArray();
    for (const auto& c : result.content) {
      if (const auto* text = std::get_if<chat::Text>(&c)) {
        WriteTextPart(*text, plan, w);
      } else {
        WriteMedia(std::get<Media>(c), plan, w);
      }
    }
    w->EndArray();
  }
  WriteExtra(result.extra, "", plan, w);
  for (const auto& [name, value] : m.extra) {
    if (name != "role") WriteExtra({{name, value}}, "", plan, w);
  }
  w->EndObject();
}

// `plan` null: an answer for a client, where every signature is shown.
void WriteCall(const chat::ToolCall& call, Plan* plan, JsonWriter* w) {
  const std::string_view body = call.custom ? "custom" : "function";
  w->BeginObject().Field("id", call.id).Field("type", body);
  w->Key(body)
      .BeginObject()
      .Field("name", call.name)
      .Field(call.custom ? "input" : "arguments", call.arguments);
  WriteExtra(call.extra, body, plan, w);
  w->EndObject();
  if (!call.signature.empty()) {
    if (plan && call.signature_origin != chat::Dialect::kOpenAi) {
      plan->Lose("messages.tool_calls.signature", Loss::How::kDropped, "it belongs to another vendor");
    } else {
      w->Key("extra_content");
      WriteSignature(call.signature, call.signature_origin, w);
    }
  }
  WriteExtra(call.extra, "", plan, w);
  w->EndObject();
}

// Reasoning of an earlier answer, back to the worker: only what came from this dialect.
void WriteThoughtsBack(const Message& m, Plan* plan, JsonWriter* w) {
  std::string text;
  bool details = false;
  for (const auto& part : m.parts) {
    const auto* r = std::get_if<chat::Reasoning>(&part);
    if (!r) continue;
    if (r->origin != chat::Dialect::kOpenAi) {
      plan->Lose("messages.reasoning", Loss::How::kDropped, "it belongs to another vendor");
      continue;
    }
    text += r->text;
    details |= !r->signature.empty() || !r->encrypted.empty() || !r->extra.empty();
  }
  if (details) {
    w->Key("reasoning_details").BeginArray();
    std::int64_t i = 0;
    for (const auto& part : m.parts) {
      const auto* r = std::get_if<chat::Reasoning>(&part);
      if (r && r->origin == chat::Dialect::kOpenAi) WriteReasoningDetail(*r, i++, w);
    }
    w->EndArray();
  } else if (!text.empty()) {
    w->Field("reasoning_content", text);
  }
}

void WriteCalls(const Message& m, Plan* plan, JsonWriter* w) {
  bool open = false;
  for (const auto& part : m.parts) {
    const auto* call = std::get_if<chat::ToolCall>(&part);
    if (!call) continue;
    if (!open) w->Key("tool_calls").BeginArray();
    open = true;
    WriteCall(*call, plan, w);
  }
  if (open) w->EndArray();
}

void WriteRefusal(const Message& m, bool always, JsonWriter* w) {
  std::string refusal;
  bool found = false;
  for (const auto& part : m.parts) {
    if (const auto* r = std::get_if<chat::Refusal>(&part)) {
      refusal += r->text;
      found = true;
    }
  }
  if (found) {
    w->Field("refusal", refusal);
  } else if (always) {
    w->Key("refusal").Null();
  }
}

}  // namespace

void WriteSignature(const std::string& signature, chat::Dialect origin, JsonWriter* w) {
  w->BeginObject().Key("google").BeginObject().Field("thought_signature", signature).EndObject();
  if (origin == chat::Dialect::kGemini) w->Field("origin", kGeminiMark);
  w->EndObject();
}

void WriteReasoningDetail(const chat::Reasoning& r, std::int64_t index, JsonWriter* w) {
  const chat::Json* type = FindExtra(r.extra, "type");
  const bool summary = type && type->text == "\"reasoning.summary\"";
  w->BeginObject();
  if (!type) w->Field("type", r.encrypted.empty() ? "reasoning.text" : "reasoning.encrypted");
  if (!r.text.empty() || r.encrypted.empty()) w->Field(summary ? "summary" : "text", r.text);
  if (!r.signature.empty()) w->Field("signature", r.signature);
  if (!r.encrypted.empty()) w->Field("data", r.encrypted);
  if (r.origin == chat::Dialect::kAnthropic) w->Field("format", kAnthropicMark);
  if (r.origin == chat::Dialect::kGemini) w->Field("format", kGeminiMark);
  for (const auto& [name, value] : r.extra) w->RawField(name, value.text);
  w->IntField("index", index).EndObject();
}

void WriteMessage(const Message& m, Plan* plan, JsonWriter* w) {
  if (m.role == chat::Role::kTool) {
    for (const auto& part : m.parts) {
      if (const auto* result = std::get_if<chat::ToolResult>(&part)) WriteResult(m, *result, plan, w);
    }
    return;
  }
  w->BeginObject().Field("role", RoleWord(m));
  if (!m.name.empty()) w->Field("name", m.name);
  if (m.role == chat::Role::kAssistant) {
    WriteThoughtsBack(m, plan, w);
    WriteContent(m, plan, w);
    WriteRefusal(m, false, w);
    WriteCalls(m, plan, w);
  } else {
    WriteContent(m, plan, w);
  }
  WriteExtra(m.extra, "", plan, w);
  w->EndObject();
}

void WriteAnswer(const Message& m, JsonWriter* w) {
  std::string thoughts, text;
  bool has_text = false, details = false;
  for (const auto& part : m.parts) {
    if (const auto* r = std::get_if<chat::Reasoning>(&part)) {
      thoughts += r->text;
      details |= !r->signature.empty() || !r->encrypted.empty() || !r->extra.empty();
    } else if (const auto* t = std::get_if<chat::Text>(&part)) {
      text += t->text;
      has_text = true;
    }
  }
  w->Key("content");
  if (has_text) {
    w->String(text);
  } else {
    w->Null();
  }
  WriteRefusal(m, true, w);
  if (!thoughts.empty()) w->Field("reasoning_content", thoughts);
  if (details) {
    w->Key("reasoning_details").BeginArray();
    std::int64_t units = 0;
    bool text_counted = false;
    for (const auto& part : m.parts) {
      if (const auto* r = std::get_if<chat::Reasoning>(&part)) {
        WriteReasoningDetail(*r, units++, w);
      } else if (std::holds_alternative<chat::ToolCall>(part)) {
        ++units;
      } else if (std::holds_alternative<chat::Text>(part) && !text_counted) {
        text_counted = true;
        ++units;
      }
    }
    w->EndArray();
  }
  WriteCalls(m, nullptr, w);
  for (const auto& [name, value] : m.extra) w->RawField(name, value.text);
}

}  // namespace baton::provider::openai
