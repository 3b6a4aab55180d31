// Parts of the Gemini dialect, read. Google's JSON accepts camelCase and snake_case alike, and so do we.
#include "provider/call_id.h"
#include "provider/gemini.h"
#include "provider/wire_pass.h"

namespace baton::provider::gemini {
namespace {

using chat::Media;
using chat::Part;

void KeepRest(JsonView v, std::initializer_list<std::string_view> known, chat::Extra* extra) {
  for (const auto m : v.members()) {
    const std::string name = Camel(m.key);
    bool is_known = false;
    for (const auto k : known) is_known |= name == k;
    if (!is_known) Keep(extra, m.key, m.value);
  }
}

Media::Kind KindOf(std::string_view type) {
  if (type.starts_with("image/")) return Media::Kind::kImage;
  if (type.starts_with("audio/")) return Media::Kind::kAudio;
  if (type.starts_with("video/")) return Media::Kind::kVideo;
  return Media::Kind::kFile;
}

Status ReadMedia(JsonView v, JsonView blob, const Place& at, bool inline_data, std::vector<Part>* out) {
  TRY_VOID(ExpectObject(blob, at));
  Media m;
  m.media_type = Get(blob, "mimeType").str();
  m.kind = KindOf(m.media_type);
  const JsonView value = inline_data ? Get(blob, "data") : Get(blob, "fileUri");
  if (!value.is_string()) return Missing(at.Member(inline_data ? "data" : "fileUri"));
  (inline_data ? m.data : m.url) = value.str();
  if (m.kind == Media::Kind::kAudio)
    m.format = m.media_type == "audio/mpeg" || m.media_type == "audio/mp3" ? "mp3" : "wav";
  KeepRest(v, {"inlineData", "fileData"}, &m.extra);
  out->emplace_back(std::move(m));
  return {};
}

// Type names in lower case, all the way down. `properties` holds names that are the user's own.
void CopySchema(JsonView v, bool names, JsonWriter* w) {
  if (v.is_array()) {
    w->BeginArray();
    for (const auto item : v.items()) CopySchema(item, false, w);
    w->EndArray();
    return;
  }
  if (!v.is_object()) {
    w->Raw(v.raw());
    return;
  }
  const bool nullable = !names && v["nullable"].truth();
  w->BeginObject();
  for (const auto m : v.members()) {
    if (!names && m.key == "nullable" && m.value.is_bool()) continue;
    w->Key(m.key);
    if (!names && m.key == "type" && m.value.is_string()) {
      std::string type(m.value.str());
      for (char& c : type) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      }
      if (nullable) w->BeginArray().String(type).String("null").EndArray();
      if (!nullable) w->String(type);
    } else if (!names && (m.key == "enum" || m.key == "default" || m.key == "example" || m.key == "const")) {
      w->Raw(m.value.raw());
    } else {
      CopySchema(m.value, !names && (m.key == "properties" || m.key == "$defs"), w);
    }
  }
  w->EndObject();
}

bool HasUpperType(JsonView v) {
  for (const auto m : v.members()) {
    if (m.key == "type" && m.value.is_string() && !m.value.str().empty() && m.value.str()[0] >= 'A' &&
        m.value.str()[0] <= 'Z')
      return true;
    if ((m.value.is_object() || m.value.is_array()) && HasUpperType(m.value)) return true;
  }
  for (const auto item : v.items()) {
    if (HasUpperType(item)) return true;
  }
  return false;
}

}  // namespace

std::string Camel(std::string_view name) {
  std::string out;
  bool up = false;
  for (const char c : name) {
    if (c == '_' && !out.empty()) {
      up = true;
      continue;
    }
    out += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    up = false;
  }
  return out;
}

JsonView Get(JsonView v, std::string_view camel) {
  if (const JsonView found = v[camel]; !found.missing()) return found;
  std::string snake;
  for (const char c : camel) {
    if (c >= 'A' && c <= 'Z') {
      snake += '_';
      snake += static_cast<char>(c - 'A' + 'a');
    } else {
      snake += c;
    }
  }
  return snake == camel ? JsonView() : v[snake];
}

chat::Json JsonSchemaOf(JsonView schema) {
  if (!HasUpperType(schema)) return RawOf(schema);
  chat::Json out;
  JsonWriter w(&out.text);
  CopySchema(schema, false, &w);
  return out;
}

Status PartReader::ReadCall(JsonView v, JsonView signature, const Place& at, std::vector<Part>* out) {
  const JsonView body = Get(v, "functionCall");
  TRY_VOID(ExpectObject(body, at));
  const JsonView args = body["args"];
  if (!worker && !body["name"].is_string()) return Missing(at.Member("name"));
  if (!worker && !args.missing() && !args.is_null()) TRY_VOID(ExpectObject(args, at.Member("args")));
  chat::ToolCall call;
  call.id = body["id"].str();
  call.name = body["name"].str();
  // Results find their call by id: where the API gives none, the same answer must give the same ids.
  if (call.id.empty()) call.id = StableCallId(seed + call.name, choice, calls);
  ++calls;
  call.arguments = args.is_object() ? ArgumentsFromObject(args.raw()) : "{}";
  if (signature.is_string()) {
    call.signature = signature.str();
    call.signature_origin = chat::Dialect::kGemini;
  }
  KeepRest(v, {"functionCall", "thoughtSignature"}, &call.extra);
  out->emplace_back(std::move(call));
  return {};
}

Status PartReader::ReadResult(JsonView v, const Place& at, std::vector<Part>* out) {
  const JsonView body = Get(v, "functionResponse");
  TRY_VOID(ExpectObject(body, at));
  if (!body["name"].is_string()) return Missing(at.Member("name"));
  const JsonView response = body["response"];
  if (!response.missing()) TRY_VOID(ExpectObject(response, at.Member("response")));
  chat::ToolResult result;
  result.call_id = body["id"].str();
  result.name = body["name"].str();
  const JsonView output = response["output"], error = response["error"];
  const bool one = response.size() == 1;
  result.is_error = one && error.is_string();
  std::string text(one && output.is_string() ? output.str() : result.is_error ? error.str() : response.raw());
  result.content.emplace_back(chat::Text{std::move(text), {}});
  KeepRest(v, {"functionResponse"}, &result.extra);
  out->emplace_back(std::move(result));
  return {};
}

Status PartReader::Read(JsonView v, const Place& at, std::vector<Part>* out) {
  TRY_VOID(ExpectObject(v, at));
  const JsonView signature = Get(v, "thoughtSignature");
  if (!Get(v, "functionCall").missing()) return ReadCall(v, signature, at.Member("functionCall"), out);
  if (!Get(v, "functionResponse").missing()) return ReadResult(v, at.Member("functionResponse"), out);
  if (!worker) {
    if (const JsonView blob = Get(v, "inlineData"); !blob.missing()) {
      return ReadMedia(v, blob, at.Member("inlineData"), true, out);
    }
    if (const JsonView file = Get(v, "fileData"); !file.missing()) {
      return ReadMedia(v, file, at.Member("fileData"), false, out);
    }
  }
  const JsonView text = v["text"];
  if (text.missing()) {
    if (signature.is_string() && v.size() == 1) {
      chat::Reasoning r;
      UnmarkSignature(signature.str(), &r);
      out->emplace_back(std::move(r));
      return {};
    }
    out->emplace_back(chat::Opaque{chat::Dialect::kGemini, RawOf(v)});
    return {};
  }
  if (!text.is_string()) return WrongType(at.Member("text"), "a string", text);
  chat::Reasoning thought;
  thought.origin = chat::Dialect::kGemini;
  if (signature.is_string()) UnmarkSignature(signature.str(), &thought);
  if (v["thought"].truth()) {
    thought.text = text.str();
    KeepRest(v, {"text", "thought", "thoughtSignature"}, &thought.extra);
    out->emplace_back(std::move(thought));
    return {};
  }
  chat::Text plain{std::string(text.str()), {}};
  KeepRest(v, {"text", "thought", "thoughtSignature"}, &plain.extra);
  out->emplace_back(std::move(plain));
  if (signature.is_string()) out->emplace_back(std::move(thought));
  return {};
}

}  // namespace baton::provider::gemini
