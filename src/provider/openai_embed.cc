// Embeddings in OpenAI's dialect, both sides.
#include <algorithm>

#include "provider/base64.h"
#include "provider/fields.h"
#include "provider/openai.h"
#include "provider/upstream_error.h"
#include "provider/wire_pass.h"

namespace baton::provider::openai {
namespace {

using chat::EmbedRequest;
using chat::EmbedResponse;

constexpr std::int64_t kMaxInputs = 2048;  // OpenAI's own limit

Error NotAnAnswer(std::string message) {
  return Fail(Code::kBadUpstream, "The worker's reply is not a list of embeddings: " + message,
              "malformed_reply");
}

Status ReadTokens(JsonView v, const Place& at, std::vector<std::int64_t>* out) {
  std::int64_t i = 0;
  for (const auto item : v.items()) {
    const auto n = item.integer();
    if (!n) return WrongType(at.Element(i), "an integer", item);
    if (*n < 0) return BadValue(at.Element(i), "a token id is not negative.");
    out->push_back(*n);
    ++i;
  }
  return {};
}

Status ReadInputs(JsonView v, const Place& at, EmbedRequest* r) {
  if (v.empty()) return BadValue(at, "the list is empty.", "empty_array");
  const JsonView head = *v.items().begin();
  if (head.is_number()) return ReadTokens(v, at, &r->tokens.emplace_back());
  std::int64_t i = 0;
  for (const auto item : v.items()) {
    const Place element = at.Element(i);
    if (++i > kMaxInputs)
      return BadValue(at, "at most 2048 inputs are allowed in one call.", "array_above_max_length");
    if (head.is_array()) {
      TRY_VOID(ExpectArray(item, element));
      if (item.empty()) return BadValue(element, "the list of tokens is empty.", "empty_array");
      TRY_VOID(ReadTokens(item, element, &r->tokens.emplace_back()));
      continue;
    }
    if (!item.is_string()) return WrongType(element, "a string", item);
    if (item.str().empty()) return BadValue(element, "the text is empty.", "empty_string");
    r->texts.emplace_back(item.str());
  }
  return {};
}

Status ReadInput(JsonView v, const Place& at, EmbedRequest* r) {
  if (v.is_array()) return ReadInputs(v, at, r);
  if (!v.is_string()) return WrongType(at, "a string, an array of strings or an array of tokens", v);
  if (v.str().empty()) return BadValue(at, "the text is empty.", "empty_string");
  r->texts.emplace_back(v.str());
  r->single = true;
  return {};
}

Status ReadMember(const JsonView::Member& m, const Place& at, Seen* seen, EmbedRequest* r) {
  constexpr std::string_view kKnown[] = {"model", "input", "encoding_format", "dimensions", "user"};
  const auto* known = std::find(std::begin(kKnown), std::end(kKnown), m.key);
  if (known != std::end(kKnown) && !seen->First(static_cast<int>(known - kKnown))) return Duplicate(at);
  if (m.key == "model") {
    if (!m.value.is_string()) return WrongType(at, "a string", m.value);
    r->model = m.value.str();
    r->raw_model_pos = m.value.offset();
    r->raw_model_len = m.value.raw().size();
    return {};
  }
  if (m.key == "input") return ReadInput(m.value, at, r);
  if (m.key == "encoding_format") return ReadWord(m.value, at, {"float", "base64"}, &r->encoding_format);
  if (m.key == "dimensions") return ReadInteger(m.value, at, 1, 1 << 20, &r->dimensions);
  if (m.key == "user") return ReadString(m.value, at, &r->user);
  Keep(&r->extra, m.key, m.value);
  return {};
}

void WriteInput(const EmbedRequest& r, JsonWriter* w) {
  w->Key("input");
  if (r.single && r.texts.size() == 1) {
    w->String(r.texts[0]);
    return;
  }
  w->BeginArray();
  for (const auto& text : r.texts) w->String(text);
  for (const auto& tokens : r.tokens) {
    w->BeginArray();
    for (const auto t : tokens) w->Int(t);
    w->EndArray();
  }
  w->EndArray();
}

std::optional<std::vector<float>> ReadVector(JsonView v) {
  if (v.is_string()) return FloatsFromBase64(v.str());
  if (!v.is_array()) return {};
  std::vector<float> out;
  out.reserve(v.size());
  for (const auto item : v.items()) {
    const auto n = item.number();
    if (!n) return {};
    out.push_back(static_cast<float>(*n));
  }
  return out;
}

}  // namespace

Result<EmbedRequest> DecodeEmbedRequest(std::string body) {
  EmbedRequest r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kOpenAi;
  auto doc = JsonDoc::Parse(r.raw);
  if (!doc) {
    Error e = std::move(doc).error();
    e.message = "We could not read the body of your request as JSON: " + e.message;
    return e;
  }
  const Place root;
  if (!doc->root().is_object()) return WrongType(root, "a JSON object", doc->root());
  Seen seen;
  for (const auto m : doc->root().members()) TRY_VOID(ReadMember(m, root.Member(m.key), &seen, &r));
  if (r.model.empty()) return Missing(root.Member("model"), "Name one of the models of /v1/models.");
  if (r.texts.empty() && r.tokens.empty()) return Missing(root.Member("input"));
  return r;
}

Result<Encoded> EncodeEmbed(const EmbedRequest& r, const Target& target) {
  Encoded out;
  out.target = "/embeddings";
  out.headers = {{"content-type", "application/json"}, {"accept", "application/json"}};
  const std::string& model = target.model.empty() ? r.model : target.model;
  const bool own = r.raw_dialect == chat::Dialect::kOpenAi || r.raw_dialect == chat::Dialect::kNone;
  if (!r.raw.empty() && r.raw_dialect == chat::Dialect::kOpenAi && target.rejects.empty() &&
      r.raw_model_len > 0) {
    out.body = r.raw.substr(0, r.raw_model_pos) + JsonString(model) +
               r.raw.substr(r.raw_model_pos + r.raw_model_len);
    out.passthrough = true;
    return out;
  }
  const auto lose = [&](std::string_view name) -> Status {
    if (target.strict) {
      return Fail(Code::kUnsupported,
                  "The worker '" + target.model + "' cannot honour '" + std::string(name) + "'.",
                  "unsupported_parameter", std::string(name));
    }
    out.losses.push_back({std::string(name), Loss::How::kDropped, "the worker is configured to reject it"});
    return {};
  };
  JsonWriter w(&out.body);
  w.BeginObject().Field("model", model);
  WriteInput(r, &w);
  // How the vectors travel between the worker and us is not the client's business: a worker without base64
  // loses nothing.
  if (!r.encoding_format.empty() && !Rejects(target, "encoding_format"))
    w.Field("encoding_format", r.encoding_format);
  if (r.dimensions) {
    if (Rejects(target, "dimensions")) {
      return Fail(
          Code::kUnsupported,
          "The worker '" + target.model + "' gives vectors of one length only; leave out 'dimensions'.",
          "unsupported_parameter", "dimensions");
    }
    w.IntField("dimensions", *r.dimensions);
  }
  if (!r.user.empty()) {
    if (Rejects(target, "user")) {
      TRY_VOID(lose("user"));
    } else {
      w.Field("user", r.user);
    }
  }
  for (const auto& [name, value] : r.extra) {
    if (!own || Rejects(target, name)) {
      TRY_VOID(lose(name));
    } else {
      w.RawField(name, value.text);
    }
  }
  w.EndObject();
  return out;
}

Result<EmbedResponse> DecodeEmbed(std::string body) {
  EmbedResponse r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kOpenAi;
  const auto doc = JsonDoc::Parse(r.raw, JsonDoc::Surrogates::kReplace);
  if (!doc) return NotAnAnswer(doc.error().message);
  const JsonView root = doc->root(), data = root["data"];
  if (const JsonView error = root["error"]; data.missing() && !error.missing()) return InBandError(error);
  if (!data.is_array()) return NotAnAnswer("'data' is missing.");
  const std::size_t n = data.size();
  r.vectors.resize(n);
  std::int64_t position = 0;
  for (const auto item : data.items()) {
    const std::int64_t index = item["index"].integer().value_or(position);
    ++position;
    auto vector = ReadVector(item["embedding"]);
    if (!vector || index < 0 || index >= static_cast<std::int64_t>(n))
      return NotAnAnswer("an embedding cannot be read.");
    r.vectors[static_cast<std::size_t>(index)] = std::move(*vector);
  }
  r.model = root["model"].str();
  r.usage = DecodeUsage(root["usage"]);
  return r;
}

std::string EncodeEmbedReply(const EmbedResponse& r, const EmbedRequest& request, const ReplyShape& shape) {
  if (shape.passthrough && r.raw_dialect == chat::Dialect::kOpenAi && !r.raw.empty()) return r.raw;
  std::string out;
  JsonWriter w(&out);
  w.BeginObject().Field("object", "list").Key("data").BeginArray();
  std::int64_t i = 0;
  for (const auto& vector : r.vectors) {
    w.BeginObject().Field("object", "embedding").IntField("index", i++).Key("embedding");
    if (request.encoding_format == "base64") {
      w.String(FloatsToBase64(vector));
    } else {
      w.BeginArray();
      for (const float f : vector) w.Float(f);
      w.EndArray();
    }
    w.EndObject();
  }
  w.EndArray().Field("model", shape.model.empty() ? r.model : shape.model);
  w.Key("usage")
      .BeginObject()
      .IntField("prompt_tokens", r.usage.input)
      .IntField("total_tokens", r.usage.input)
      .EndObject();
  w.EndObject();
  return out;
}

}  // namespace baton::provider::openai
