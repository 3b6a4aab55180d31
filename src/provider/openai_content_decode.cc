// The content of a message in OpenAI's dialect: text, pictures, sound, files, refusals.
#include "provider/fields.h"
#include "provider/openai.h"

namespace baton::provider::openai {
namespace {

using chat::Media;
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

}  // namespace

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

}  // namespace baton::provider::openai
