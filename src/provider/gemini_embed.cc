// Embeddings in Gemini's dialect: embedContent for one text, batchEmbedContents for several.
#include "provider/gemini.h"
#include "provider/upstream_error.h"
#include "provider/wire_pass.h"

namespace baton::provider::gemini {
namespace {

using chat::EmbedRequest;
using chat::EmbedResponse;

Error NotAnAnswer(std::string message) {
  return Fail(Code::kBadUpstream, "The worker's reply is not an embedding: " + message, "malformed_reply");
}

Error Refused(std::string_view param, std::string_view model, std::string_view why) {
  return Fail(Code::kUnsupported,
              "The worker '" + std::string(model) + "' cannot honour '" + std::string(param) +
                  "': " + std::string(why) + ".",
              "unsupported_parameter", std::string(param));
}

std::string ResourceName(std::string_view model) {
  return model.find('/') == std::string_view::npos ? "models/" + std::string(model) : std::string(model);
}

// Fields of the API that clients of other surfaces send under these names.
bool OwnField(std::string_view camel) {
  return camel == "taskType" || camel == "title" || camel == "autoTruncate";
}

void WriteOne(const EmbedRequest& r, const std::string& text, std::string_view model, JsonWriter* w) {
  w->BeginObject().Field("model", ResourceName(model));
  w->Key("content")
      .BeginObject()
      .Key("parts")
      .BeginArray()
      .BeginObject()
      .Field("text", text)
      .EndObject()
      .EndArray()
      .EndObject();
  if (r.dimensions) w->IntField("outputDimensionality", *r.dimensions);
  for (const auto& [name, value] : r.extra) {
    if (OwnField(Camel(name))) w->RawField(Camel(name), value.text);
  }
  w->EndObject();
}

std::optional<std::vector<float>> ReadValues(JsonView v) {
  const JsonView values = v["values"];
  if (!values.is_array()) return {};
  std::vector<float> out;
  out.reserve(values.size());
  for (const auto item : values.items()) {
    const auto n = item.number();
    if (!n) return {};
    out.push_back(static_cast<float>(*n));
  }
  return out;
}

Status ReadOne(JsonView v, const Place& at, EmbedRequest* r) {
  TRY_VOID(ExpectObject(v, at));
  std::string text;
  const JsonView content = v["content"];
  const Place content_at = at.Member("content");
  if (content.missing()) return Missing(content_at);
  TRY_VOID(ExpectObject(content, content_at));
  for (const auto part : content["parts"].items()) text += part["text"].str();
  if (text.empty()) return Missing(content_at.Member("parts"), "Give the text to embed.");
  r->texts.push_back(std::move(text));
  if (const JsonView d = Get(v, "outputDimensionality"); !d.missing()) {
    TRY_VOID(ReadInteger(d, at.Member("outputDimensionality"), 1, 1 << 20, &r->dimensions));
  }
  for (const auto m : v.members()) {
    const std::string name = Camel(m.key);
    if (OwnField(name) && r->texts.size() == 1) r->extra.emplace_back(name, RawOf(m.value));
  }
  return {};
}

}  // namespace

Result<Encoded> EncodeEmbed(const EmbedRequest& r, const Target& target) {
  const std::string& model = target.model.empty() ? r.model : target.model;
  if (!r.tokens.empty()) return Refused("input", model, "it takes texts, not token ids");
  if (r.dimensions && Rejects(target, "dimensions"))
    return Refused("dimensions", model, "it gives vectors of one length only");
  Encoded out;
  out.headers = JsonHeaders(false);
  const auto lose = [&](std::string_view name) -> Status {
    if (target.strict) return Refused(name, model, "the API has no such parameter");
    out.losses.push_back({std::string(name), Loss::How::kDropped, "the API has no such parameter"});
    return {};
  };
  if (!r.user.empty()) TRY_VOID(lose("user"));
  for (const auto& [name, value] : r.extra) {
    if (!OwnField(Camel(name))) TRY_VOID(lose(name));
  }
  JsonWriter w(&out.body);
  if (r.texts.size() == 1) {
    out.target = MethodPath(model, "embedContent");
    WriteOne(r, r.texts[0], model, &w);
    return out;
  }
  out.target = MethodPath(model, "batchEmbedContents");
  w.BeginObject().Key("requests").BeginArray();
  for (const auto& text : r.texts) WriteOne(r, text, model, &w);
  w.EndArray().EndObject();
  return out;
}

Result<EmbedResponse> DecodeEmbed(std::string body) {
  EmbedResponse r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kGemini;
  const auto doc = JsonDoc::Parse(r.raw, JsonDoc::Surrogates::kReplace);
  if (!doc) return NotAnAnswer(doc.error().message);
  const JsonView root = doc->root();
  if (const JsonView error = root["error"]; !error.missing()) return UpstreamError(ReadErrorBody(error), 0);
  const auto add = [&](JsonView v) {
    auto values = ReadValues(v);
    if (values) r.vectors.push_back(std::move(*values));
    return values.has_value();
  };
  bool fine = true;
  if (const JsonView one = root["embedding"]; one.is_object()) fine = add(one);
  for (const auto v : root["embeddings"].items()) fine = fine && add(v);
  for (const auto v : root["predictions"].items()) {  // Vertex
    fine = fine && add(v["embeddings"]);
    r.usage.input += v["embeddings"]["statistics"]["token_count"].integer().value_or(0);
    r.usage.known = true;
  }
  if (!fine || r.vectors.empty()) return NotAnAnswer("no vector can be read.");
  if (const JsonView usage = Get(root, "usageMetadata"); usage.is_object()) r.usage = DecodeUsage(usage);
  return r;
}

Result<EmbedRequest> DecodeEmbedRequest(std::string body, std::string_view model) {
  EmbedRequest r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kGemini;
  r.model = model;
  const auto doc = JsonDoc::Parse(r.raw);
  if (!doc) return doc.error();
  const Place root;
  const JsonView requests = doc->root()["requests"];
  if (requests.missing()) {
    r.single = true;
    TRY_VOID(ReadOne(doc->root(), root, &r));
    return r;
  }
  const Place at = root.Member("requests");
  TRY_VOID(ExpectArray(requests, at));
  if (requests.empty()) return BadValue(at, "the list is empty.", "empty_array");
  std::int64_t i = 0;
  for (const auto v : requests.items()) TRY_VOID(ReadOne(v, at.Element(i++), &r));
  return r;
}

std::string EncodeEmbedReply(const EmbedResponse& r, const EmbedRequest& request) {
  std::string out;
  JsonWriter w(&out);
  const auto write = [&](const std::vector<float>& vector) {
    w.BeginObject().Key("values").BeginArray();
    for (const float f : vector) w.Float(f);
    w.EndArray().EndObject();
  };
  w.BeginObject();
  if (request.single && r.vectors.size() == 1) {
    w.Key("embedding");
    write(r.vectors[0]);
  } else {
    w.Key("embeddings").BeginArray();
    for (const auto& vector : r.vectors) write(vector);
    w.EndArray();
  }
  if (r.usage.known)
    w.Key("usageMetadata").BeginObject().IntField("promptTokenCount", r.usage.input).EndObject();
  w.EndObject();
  return out;
}

}  // namespace baton::provider::gemini
