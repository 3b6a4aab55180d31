// Content blocks of the Anthropic dialect, written: for a worker (what cannot travel is declared in the plan)
// and for a client (plan null: everything is shown).
#include <algorithm>

#include "provider/anthropic.h"
#include "provider/base64.h"
#include "provider/call_id.h"
#include "provider/openai.h"
#include "provider/wire_pass.h"

namespace baton::provider::anthropic {
namespace {

using chat::Media;

// Own extra fields; of another dialect's only cache_control, which clients of OpenAI-compatible surfaces send
// on purpose for Anthropic's models.
void WriteExtra(const chat::Extra& extra, Plan* plan, JsonWriter* w) {
  for (const auto& [name, value] : extra) {
    if (!plan || plan->own_extra() || name == "cache_control") {
      w->RawField(name, value.text);
    } else {
      plan->Lose("messages." + name, Loss::How::kDropped, "it has no counterpart in the worker's dialect");
    }
  }
}

void WriteText(std::string_view text, const chat::Extra& extra, Plan* plan, JsonWriter* w) {
  w->BeginObject().Field("type", "text").Field("text", text);
  WriteExtra(extra, plan, w);
  w->EndObject();
}

void WriteSource(const Media& m, std::string_view media_type, JsonWriter* w) {
  w->Key("source").BeginObject();
  if (!m.file_id.empty()) {
    w->Field("type", "file").Field("file_id", m.file_id);
  } else if (m.data.empty()) {
    w->Field("type", "url").Field("url", m.url);
  } else if (media_type == "text/plain") {
    w->Field("type", "text")
        .Field("media_type", media_type)
        .Field("data", FromBase64(m.data).value_or(m.data));
  } else {
    w->Field("type", "base64").Field("media_type", media_type).Field("data", m.data);
  }
  w->EndObject();
}

void WriteMedia(const Media& m, Plan* plan, JsonWriter* w) {
  const auto refuse = [&](std::string_view why) {
    if (plan) plan->Refuse("messages", why);
  };
  if (m.kind == Media::Kind::kAudio) return refuse("the API takes no audio");
  if (m.kind == Media::Kind::kVideo) return refuse("the API takes no video");
  if (!m.file_id.empty() && plan && !plan->own_extra()) {
    return refuse("a file id is known only to the vendor that gave it");
  }
  std::string_view type = m.media_type;
  if (type == "image/jpg") type = "image/jpeg";
  if (type.empty() && !m.data.empty()) type = GuessImageType(m.data);
  const bool image = m.kind == Media::Kind::kImage;
  if (!image && !m.data.empty() && type != "application/pdf" && type != "text/plain") {
    return refuse("the API takes PDF and plain text files only");
  }
  if (plan && !m.detail.empty())
    plan->Lose("messages.image_url.detail", Loss::How::kDropped, "the API has no such setting");
  w->BeginObject().Field("type", image ? "image" : "document");
  WriteSource(m, type, w);
  if (!image && !m.filename.empty()) w->Field("title", m.filename);
  WriteExtra(m.extra, plan, w);
  w->EndObject();
}

void WriteReasoning(const chat::Reasoning& r, Plan* plan, JsonWriter* w) {
  if (plan && (r.origin != chat::Dialect::kAnthropic || (r.signature.empty() && r.encrypted.empty()))) {
    plan->Lose("messages.reasoning", Loss::How::kDropped,
               r.origin == chat::Dialect::kAnthropic ? "unsigned thinking is not accepted"
                                                     : "it belongs to another vendor");
    return;
  }
  if (!r.encrypted.empty()) {
    w->BeginObject()
        .Field("type", "redacted_thinking")
        .Field("data", MarkSignature(r.encrypted, r.origin))
        .EndObject();
    return;
  }
  w->BeginObject().Field("type", "thinking").Field("thinking", r.text);
  w->Field("signature", MarkSignature(r.signature, r.origin)).EndObject();
}

void WriteCall(const chat::ToolCall& call, Plan* plan, JsonWriter* w) {
  w->BeginObject().Field("type", "tool_use").Field("id", CallId(call.id)).Field("name", call.name);
  if (call.custom && plan)
    plan->Lose("messages.tool_calls.custom", Loss::How::kApproximated, "sent as a function call");
  w->RawField("input", ArgumentsAsObject(call.arguments, plan));
  if (!call.signature.empty()) {
    if (plan) {
      plan->Lose("messages.tool_calls.signature", Loss::How::kDropped, "it belongs to another vendor");
    } else {
      w->Key("extra_content");
      openai::WriteSignature(call.signature, call.signature_origin, w);
    }
  }
  WriteExtra(call.extra, plan, w);
  w->EndObject();
}

void WriteResult(const chat::ToolResult& r, Plan* plan, JsonWriter* w) {
  w->BeginObject().Field("type", "tool_result").Field("tool_use_id", CallId(r.call_id));
  const auto* only = r.content.size() == 1 ? std::get_if<chat::Text>(&r.content[0]) : nullptr;
  if (only && only->extra.empty()) {
    w->Field("content", only->text);
  } else if (!r.content.empty()) {
    w->Key("content").BeginArray();
    for (const auto& c : r.content) {
      if (const auto* text = std::get_if<chat::Text>(&c)) {
        WriteText(text->text, text->extra, plan, w);
      } else {
        WriteMedia(std::get<Media>(c), plan, w);
      }
    }
    w->EndArray();
  }
  if (r.is_error) w->BoolField("is_error", true);
  WriteExtra(r.extra, plan, w);
  w->EndObject();
}

}  // namespace

std::string CallId(std::string_view id) {
  if (id.empty()) return StableCallId({}, 0, 0);
  std::string out(id);
  for (char& c : out) {
    const bool fine =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!fine) c = '_';
  }
  return out;
}

std::string MarkSignature(const std::string& signature, chat::Dialect origin) {
  if (origin == chat::Dialect::kAnthropic || origin == chat::Dialect::kNone) return signature;
  return std::string(DialectName(origin)) + ":" + signature;
}

std::string UnmarkSignature(std::string_view signature, chat::Dialect* origin) {
  for (const auto other : {chat::Dialect::kOpenAi, chat::Dialect::kGemini, chat::Dialect::kLocal}) {
    const std::string mark = std::string(DialectName(other)) + ":";
    if (!signature.starts_with(mark)) continue;
    *origin = other;
    return std::string(signature.substr(mark.size()));
  }
  *origin = chat::Dialect::kAnthropic;
  return std::string(signature);
}

void WriteBlock(const chat::Part& part, Plan* plan, JsonWriter* w) {
  if (const auto* text = std::get_if<chat::Text>(&part)) {
    // Empty text blocks are an error there, and say nothing.
    if (!text->text.empty()) WriteText(text->text, text->extra, plan, w);
  } else if (const auto* media = std::get_if<Media>(&part)) {
    WriteMedia(*media, plan, w);
  } else if (const auto* refusal = std::get_if<chat::Refusal>(&part)) {
    if (plan) plan->Lose("messages.refusal", Loss::How::kApproximated, "sent as text");
    if (!refusal->text.empty()) WriteText(refusal->text, {}, plan, w);
  } else if (const auto* thought = std::get_if<chat::Reasoning>(&part)) {
    WriteReasoning(*thought, plan, w);
  } else if (const auto* call = std::get_if<chat::ToolCall>(&part)) {
    WriteCall(*call, plan, w);
  } else if (const auto* result = std::get_if<chat::ToolResult>(&part)) {
    WriteResult(*result, plan, w);
  } else if (const auto* opaque = std::get_if<chat::Opaque>(&part)) {
    if (opaque->dialect == chat::Dialect::kAnthropic) {
      w->Raw(opaque->json.text);
    } else if (plan) {
      plan->Lose(
          "messages.content", Loss::How::kDropped,
          "a part in the " + std::string(DialectName(opaque->dialect)) + " dialect has no counterpart");
    }
  }
}

}  // namespace baton::provider::anthropic
