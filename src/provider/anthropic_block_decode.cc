// Content blocks of the Anthropic dialect, read: from a client's request (strict) and from a reply (lenient).
#include "provider/anthropic.h"
#include "provider/base64.h"
#include "provider/openai.h"
#include "provider/wire_pass.h"

namespace baton::provider::anthropic {
namespace {

using chat::Media;
using chat::Part;

void KeepRest(JsonView v, std::initializer_list<std::string_view> known, chat::Extra* extra) {
  for (const auto m : v.members()) {
    bool is_known = m.key == "type";
    for (const auto k : known) is_known |= m.key == k;
    if (!is_known) Keep(extra, m.key, m.value);
  }
}

Status Need(JsonView v, const Place& at, std::string_view name, bool worker) {
  const JsonView field = v[name];
  if (worker || field.is_string()) return {};
  return field.missing() ? Missing(at.Member(name)) : WrongType(at.Member(name), "a string", field);
}

Status ReadText(JsonView v, const Place& at, bool worker, std::vector<Part>* out) {
  TRY_VOID(Need(v, at, "text", worker));
  chat::Text text{std::string(v["text"].str()), {}};
  KeepRest(v, {"text"}, &text.extra);
  out->emplace_back(std::move(text));
  return {};
}

Status ReadMedia(JsonView v, const Place& at, Media::Kind kind, std::vector<Part>* out) {
  const JsonView source = v["source"];
  const Place source_at = at.Member("source");
  if (source.missing()) return Missing(source_at);
  TRY_VOID(ExpectObject(source, source_at));
  Media m;
  m.kind = kind;
  const std::string_view type = source["type"].str();
  if (type == "base64") {
    TRY_VOID(Need(source, source_at, "data", false));
    TRY_VOID(Need(source, source_at, "media_type", false));
    m.data = source["data"].str();
    m.media_type = source["media_type"].str();
  } else if (type == "url") {
    TRY_VOID(Need(source, source_at, "url", false));
    m.url = source["url"].str();
  } else if (type == "file") {
    TRY_VOID(Need(source, source_at, "file_id", false));
    m.file_id = source["file_id"].str();
  } else if (type == "text") {
    TRY_VOID(Need(source, source_at, "data", false));
    m.data = ToBase64(source["data"].str());
    m.media_type = "text/plain";
  } else {  // "content" documents and what comes next
    out->emplace_back(chat::Opaque{chat::Dialect::kAnthropic, RawOf(v)});
    return {};
  }
  m.filename = v["title"].str();
  KeepRest(v, {"source", "title"}, &m.extra);
  out->emplace_back(std::move(m));
  return {};
}

Status ReadCall(JsonView v, const Place& at, bool worker, std::vector<Part>* out) {
  TRY_VOID(Need(v, at, "id", worker));
  TRY_VOID(Need(v, at, "name", worker));
  const JsonView input = v["input"];
  if (!worker && !input.missing()) TRY_VOID(ExpectObject(input, at.Member("input")));
  if (!worker && input.missing()) return Missing(at.Member("input"));
  chat::ToolCall call;
  call.id = v["id"].str();
  call.name = v["name"].str();
  call.arguments = input.missing() ? "{}" : ArgumentsFromObject(input.raw());
  if (const JsonView signature = v["extra_content"]["google"]["thought_signature"]; signature.is_string()) {
    call.signature = signature.str();
    call.signature_origin = v["extra_content"]["origin"].str() == openai::kGeminiMark
                                ? chat::Dialect::kGemini
                                : chat::Dialect::kOpenAi;
  }
  KeepRest(v, {"id", "name", "input", call.signature.empty() ? "input" : "extra_content"}, &call.extra);
  out->emplace_back(std::move(call));
  return {};
}

Status ReadResult(JsonView v, const Place& at, std::vector<Part>* out) {
  TRY_VOID(Need(v, at, "tool_use_id", false));
  chat::ToolResult result;
  result.call_id = v["tool_use_id"].str();
  std::optional<bool> is_error;
  if (const JsonView e = v["is_error"]; !e.missing()) TRY_VOID(ReadBool(e, at.Member("is_error"), &is_error));
  result.is_error = is_error.value_or(false);
  if (const JsonView content = v["content"]; !content.missing() && !content.is_null()) {
    std::vector<Part> parts;
    bool plain = true;
    TRY_VOID(ReadContent(content, at.Member("content"), false, &plain, &parts));
    for (auto& part : parts) {
      if (auto* text = std::get_if<chat::Text>(&part)) {
        result.content.emplace_back(std::move(*text));
      } else if (auto* media = std::get_if<Media>(&part)) {
        result.content.emplace_back(std::move(*media));
      } else {  // search results and the like: the whole result goes back as it came
        out->emplace_back(chat::Opaque{chat::Dialect::kAnthropic, RawOf(v)});
        return {};
      }
    }
  }
  KeepRest(v, {"tool_use_id", "content", "is_error"}, &result.extra);
  out->emplace_back(std::move(result));
  return {};
}

Status ReadThinking(JsonView v, const Place& at, bool worker, std::vector<Part>* out) {
  TRY_VOID(Need(v, at, "thinking", worker));
  chat::Reasoning r;
  r.text = v["thinking"].str();
  r.signature = UnmarkSignature(v["signature"].str(), &r.origin);
  out->emplace_back(std::move(r));
  return {};
}

}  // namespace

Status ReadBlock(JsonView v, const Place& at, bool worker, std::vector<Part>* out) {
  TRY_VOID(ExpectObject(v, at));
  TRY_VOID(Need(v, at, "type", false));
  const std::string_view type = v["type"].str();
  if (type == "text") return ReadText(v, at, worker, out);
  if (type == "thinking") return ReadThinking(v, at, worker, out);
  if (type == "tool_use") return ReadCall(v, at, worker, out);
  if (type == "tool_result" && !worker) return ReadResult(v, at, out);
  if (type == "image" && !worker) return ReadMedia(v, at, Media::Kind::kImage, out);
  if (type == "document" && !worker) return ReadMedia(v, at, Media::Kind::kFile, out);
  if (type == "redacted_thinking") {
    TRY_VOID(Need(v, at, "data", worker));
    chat::Reasoning r;
    r.encrypted = UnmarkSignature(v["data"].str(), &r.origin);
    out->emplace_back(std::move(r));
    return {};
  }
  out->emplace_back(chat::Opaque{chat::Dialect::kAnthropic, RawOf(v)});
  return {};
}

Status ReadContent(JsonView v, const Place& at, bool worker, bool* plain, std::vector<Part>* out) {
  if (v.is_string()) {
    *plain = true;
    out->emplace_back(chat::Text{std::string(v.str()), {}});
    return {};
  }
  if (!v.is_array()) return WrongType(at, "a string or an array of blocks", v);
  *plain = false;
  std::int64_t i = 0;
  for (const auto item : v.items()) TRY_VOID(ReadBlock(item, at.Element(i++), worker, out));
  return {};
}

}  // namespace baton::provider::anthropic
