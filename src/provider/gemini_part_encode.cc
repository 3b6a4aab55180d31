// Parts of the Gemini dialect, written.
//
// A thought signature stands on the part it was made for: on a function call it is the call's own; after a
// text it is a Reasoning without text, which joins the text's part again here.
#include <algorithm>

#include "provider/base64.h"
#include "provider/gemini.h"
#include "provider/wire_pass.h"

namespace baton::provider::gemini {
namespace {

// Google's documented value for calls that another model made: newer models refuse a call without a
// signature.
constexpr std::string_view kNoSignature = "skip_thought_signature_validator";

bool BareSignature(const chat::Reasoning& r) {
  return r.origin == chat::Dialect::kGemini && r.text.empty() && r.encrypted.empty() && !r.signature.empty();
}

std::string_view TypeByName(std::string_view url) {
  struct Row {
    std::string_view end, type;
  };
  constexpr Row kRows[] = {{".png", "image/png"}, {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"},
                           {".gif", "image/gif"}, {".webp", "image/webp"}, {".pdf", "application/pdf"},
                           {".mp4", "video/mp4"}, {".mp3", "audio/mpeg"},  {".wav", "audio/wav"}};
  const std::string_view path = url.substr(0, url.find('?'));
  for (const auto& row : kRows) {
    if (path.ends_with(row.end)) return row.type;
  }
  return {};
}

std::string_view MediaType(const chat::Media& m) {
  if (m.media_type == "image/jpg") return "image/jpeg";
  if (!m.media_type.empty()) return m.media_type;
  if (!m.data.empty()) return GuessImageType(m.data);
  return TypeByName(m.url);
}

// True when the object could be taken for one of our own wrappings on the way back.
bool LooksWrapped(std::string_view text) {
  const auto doc = JsonDoc::Parse(text, JsonDoc::Surrogates::kReplace);
  if (!doc || doc->root().size() != 1) return false;
  const std::string_view key = (*doc->root().members().begin()).key;
  return key == "output" || key == "error";
}

}  // namespace

std::string MarkSignature(const std::string& signature, chat::Dialect origin, bool encrypted) {
  if ((origin == chat::Dialect::kGemini || origin == chat::Dialect::kNone) && !encrypted) return signature;
  return ToBase64(std::string(DialectName(origin)) + (encrypted ? "+:" : ":") + signature);
}

void UnmarkSignature(std::string_view text, chat::Reasoning* out) {
  out->origin = chat::Dialect::kGemini;
  if (const auto bytes = FromBase64(text)) {
    for (const auto d : {chat::Dialect::kOpenAi, chat::Dialect::kAnthropic, chat::Dialect::kLocal}) {
      const std::string name(DialectName(d));
      if (bytes->starts_with(name + ":")) {
        out->origin = d;
        out->signature = bytes->substr(name.size() + 1);
        return;
      }
      if (bytes->starts_with(name + "+:")) {
        out->origin = d;
        out->encrypted = bytes->substr(name.size() + 2);
        return;
      }
    }
  }
  out->signature = text;
}

void PartWriter::Extra(const chat::Extra& extra) {
  for (const auto& [name, value] : extra) {
    if (!plan_ || plan_->own_extra()) {
      w_.RawField(name, value.text);
    } else {
      plan_->Lose("messages." + name, Loss::How::kDropped, "it has no counterpart in the worker's dialect");
    }
  }
}

void PartWriter::Text(const chat::Text& text, const chat::Reasoning* signature) {
  w_.BeginObject().Field("text", text.text);
  if (signature) w_.Field("thoughtSignature", signature->signature);
  Extra(text.extra);
  w_.EndObject();
}

void PartWriter::Media(const chat::Media& m) {
  if (!m.file_id.empty()) {
    if (plan_) plan_->Refuse("messages", "a file id is known only to the vendor that gave it");
    return;
  }
  if (plan_ && !m.detail.empty()) {
    plan_->Lose("messages.image_url.detail", Loss::How::kDropped, "the API has no such setting");
  }
  if (plan_ && !m.filename.empty()) {
    plan_->Lose("messages.file.filename", Loss::How::kDropped, "the API knows no file names");
  }
  const std::string_view type = MediaType(m);
  w_.BeginObject();
  if (!m.data.empty()) {
    w_.Key("inlineData").BeginObject().Field("mimeType", type).Field("data", m.data).EndObject();
  } else {
    w_.Key("fileData").BeginObject();
    if (!type.empty()) w_.Field("mimeType", type);
    w_.Field("fileUri", m.url).EndObject();
  }
  Extra(m.extra);
  w_.EndObject();
}

void PartWriter::Thought(const chat::Reasoning& r) {
  if (plan_ && r.origin != chat::Dialect::kGemini) {
    plan_->Lose("messages.reasoning", Loss::How::kDropped, "it belongs to another vendor");
    return;
  }
  w_.BeginObject().Field("text", r.text);
  // A bare signature belongs to a text, unless the stream encoder says that it ends a thought.
  if (!BareSignature(r) || FindExtra(r.extra, "thought")) w_.BoolField("thought", true);
  if (!r.signature.empty()) w_.Field("thoughtSignature", MarkSignature(r.signature, r.origin, false));
  if (r.signature.empty() && !r.encrypted.empty()) {
    w_.Field("thoughtSignature", MarkSignature(r.encrypted, r.origin, true));
  }
  w_.EndObject();
}

void PartWriter::Call(const chat::ToolCall& call, bool first) {
  if (call.custom && plan_) {
    plan_->Lose("messages.tool_calls.custom", Loss::How::kApproximated, "sent as a function call");
  }
  w_.BeginObject().Key("functionCall").BeginObject();
  if (!call.id.empty()) w_.Field("id", call.id);
  w_.Field("name", call.name).RawField("args", ArgumentsAsObject(call.arguments, plan_)).EndObject();
  const bool foreign =
      call.signature_origin != chat::Dialect::kGemini && call.signature_origin != chat::Dialect::kOpenAi;
  if (!call.signature.empty() && !(plan_ && foreign)) {
    // Google's own OpenAI-compatible surface makes the same signatures.
    w_.Field("thoughtSignature", call.signature);
  } else if (plan_ && !call.signature.empty()) {
    plan_->Lose("messages.tool_calls.signature", Loss::How::kDropped, "it belongs to another vendor");
  } else if (first && fake_signatures_) {
    w_.Field("thoughtSignature", kNoSignature);
  }
  Extra(call.extra);
  w_.EndObject();
}

std::string PartWriter::NameOf(const chat::ToolResult& result) const {
  if (!result.name.empty()) return result.name;
  if (request_) {
    for (auto m = request_->messages.rbegin(); m != request_->messages.rend(); ++m) {
      for (const auto& part : m->parts) {
        const auto* call = std::get_if<chat::ToolCall>(&part);
        if (call && call->id == result.call_id) return call->name;
      }
    }
  }
  return result.call_id;
}

void PartWriter::Result(const chat::ToolResult& result) {
  std::string text;
  std::vector<const chat::Media*> media;
  for (const auto& c : result.content) {
    if (const auto* t = std::get_if<chat::Text>(&c)) {
      text += t->text;
    } else {
      media.push_back(&std::get<chat::Media>(c));
    }
  }
  w_.BeginObject().Key("functionResponse").BeginObject();
  if (!result.call_id.empty()) w_.Field("id", result.call_id);
  w_.Field("name", NameOf(result)).Key("response");
  if (!result.is_error && IsJsonObject(text) && !LooksWrapped(text)) {
    w_.Raw(std::string_view(text).substr(text.find('{'), text.rfind('}') - text.find('{') + 1));
  } else {
    w_.BeginObject().Field(result.is_error ? "error" : "output", text).EndObject();
  }
  w_.EndObject();
  Extra(result.extra);
  w_.EndObject();
  for (const auto* m : media) {
    if (plan_)
      plan_->Lose("messages.content", Loss::How::kApproximated, "images of a tool's result stand beside it");
    Media(*m);
  }
}

void PartWriter::WriteParts(const chat::Message& message) {
  bool first_call = true;
  for (std::size_t i = 0; i < message.parts.size(); ++i) {
    const auto& part = message.parts[i];
    if (const auto* text = std::get_if<chat::Text>(&part)) {
      const auto* next =
          i + 1 < message.parts.size() ? std::get_if<chat::Reasoning>(&message.parts[i + 1]) : nullptr;
      const bool join = next && BareSignature(*next);
      Text(*text, join ? next : nullptr);
      i += join ? 1 : 0;
    } else if (const auto* media = std::get_if<chat::Media>(&part)) {
      Media(*media);
    } else if (const auto* refusal = std::get_if<chat::Refusal>(&part)) {
      if (plan_) plan_->Lose("messages.refusal", Loss::How::kApproximated, "sent as text");
      Text({refusal->text, {}}, nullptr);
    } else if (const auto* thought = std::get_if<chat::Reasoning>(&part)) {
      Thought(*thought);
    } else if (const auto* call = std::get_if<chat::ToolCall>(&part)) {
      Call(*call, first_call);
      first_call = false;
    } else if (const auto* result = std::get_if<chat::ToolResult>(&part)) {
      Result(*result);
    } else if (const auto* opaque = std::get_if<chat::Opaque>(&part)) {
      if (opaque->dialect == chat::Dialect::kGemini) {
        w_.Raw(opaque->json.text);
      } else if (plan_) {
        plan_->Lose(
            "messages.content", Loss::How::kDropped,
            "a part in the " + std::string(DialectName(opaque->dialect)) + " dialect has no counterpart");
      }
    }
  }
}

}  // namespace baton::provider::gemini
