// Answers of Gemini's generateContent, whole and streamed: a stream is a list of the same objects.
#include <algorithm>

#include "provider/gemini.h"
#include "provider/stream_base.h"
#include "provider/upstream_error.h"

namespace baton::provider::gemini {
namespace {

using chat::Event;

Error NotAnAnswer(std::string message) {
  return Fail(Code::kBadUpstream, "The worker's reply is not a list of candidates: " + message,
              "malformed_reply");
}

void WriteToken(JsonView v, bool top, JsonView alternatives, JsonWriter* w) {
  w->BeginObject()
      .Field("token", v["token"].str())
      .Key("logprob")
      .Double(Get(v, "logProbability").number().value_or(0));
  w->Key("bytes").Null();
  if (top) {
    w->Key("top_logprobs").BeginArray();
    for (const auto a : alternatives["candidates"].items()) WriteToken(a, false, {}, w);
    w->EndArray();
  }
  w->EndObject();
}

Result<chat::Choice> ReadCandidate(JsonView v, std::int64_t position, const std::string& id) {
  chat::Choice c;
  c.index = v["index"].integer().value_or(position);
  c.message.role = chat::Role::kAssistant;
  c.message.plain = false;
  PartReader reader;
  reader.worker = true;
  reader.seed = id;
  reader.choice = c.index;
  for (const auto part : v["content"]["parts"].items()) {
    if (auto read = reader.Read(part, Place{}, &c.message.parts); !read)
      return NotAnAnswer(read.error().message);
  }
  c.finish_raw = Get(v, "finishReason").str();
  c.finish = FinishOf(c.finish_raw, reader.calls > 0);
  for (const auto m : v.members()) {
    const std::string name = Camel(m.key);
    if (name == "logprobsResult") {
      c.logprobs = LogprobsOf(m.value);
    } else if (name != "content" && name != "index" && name != "finishReason") {
      Keep(&c.extra, m.key, m.value);
    }
  }
  return c;
}

class Decoder final : public StreamBase {
 protected:
  Status OnJson(JsonView root, std::vector<Event>* out) override {
    if (const JsonView error = root["error"]; !error.missing()) return UpstreamError(ReadErrorBody(error), 0);
    Start(root, out);
    const JsonView blocked = Get(Get(root, "promptFeedback"), "blockReason");
    if (blocked.is_string() && root["candidates"].empty()) {
      Event& e = Add(Event::Kind::kFinish, 0, out);
      e.finish = chat::Finish::kContentFilter;
      e.text = blocked.str();
      Complete();
    }
    std::int64_t position = 0;
    for (const auto v : root["candidates"].items()) TRY_VOID(Candidate(v, position++, out));
    if (const JsonView usage = Get(root, "usageMetadata"); usage.is_object()) {
      Add(Event::Kind::kUsage, 0, out).usage = DecodeUsage(usage);
    }
    return {};
  }

 private:
  struct State {
    std::int64_t choice = 0;
    PartReader reader;
    std::int64_t block = 0;
    bool thinking = false;
  };

  static Event& Add(Event::Kind kind, std::int64_t choice, std::vector<Event>* out) {
    Event& e = out->emplace_back();
    e.kind = kind;
    e.choice = choice;
    e.dialect = chat::Dialect::kGemini;
    return e;
  }

  void Start(JsonView root, std::vector<Event>* out) {
    if (started_) return;
    started_ = true;
    Event& e = Add(Event::Kind::kStart, 0, out);
    e.id = id_ = Get(root, "responseId").str();
    e.model = Get(root, "modelVersion").str();
  }

  State& At(std::int64_t choice) {
    for (auto& s : states_) {
      if (s.choice == choice) return s;
    }
    State& s = states_.emplace_back();
    s.choice = s.reader.choice = choice;
    s.reader.worker = true;
    s.reader.seed = id_;
    return s;
  }

  Status Candidate(JsonView v, std::int64_t position, std::vector<Event>* out) {
    const std::int64_t index = v["index"].integer().value_or(position);
    if (states_.size() >= 256)
      return Fail(Code::kBadUpstream, "The worker's stream has too many candidates.", "malformed_stream");
    State& s = At(index);
    if (const JsonView logprobs = Get(v, "logprobsResult"); logprobs.is_object()) {
      Add(Event::Kind::kLogprobs, index, out).json = LogprobsOf(logprobs);
    }
    for (const auto part : v["content"]["parts"].items()) {
      std::vector<chat::Part> parts;
      if (auto read = s.reader.Read(part, Place{}, &parts); !read) {
        return Fail(Code::kBadUpstream,
                    "The worker's stream holds a part that cannot be read: " + read.error().message,
                    "malformed_stream");
      }
      for (auto& p : parts) OnPart(std::move(p), &s, out);
    }
    if (const auto reason = Get(v, "finishReason").str(); !reason.empty()) {
      Event& e = Add(Event::Kind::kFinish, index, out);
      e.finish = FinishOf(reason, s.reader.calls > 0);
      e.text = reason;
      Complete();
    }
    return {};
  }

  static void OnPart(chat::Part part, State* s, std::vector<Event>* out) {
    if (auto* thought = std::get_if<chat::Reasoning>(&part)) return Thought(*thought, s, out);
    if (s->thinking) ++s->block;
    s->thinking = false;
    if (auto* text = std::get_if<chat::Text>(&part)) {
      if (!text->text.empty()) Add(Event::Kind::kText, s->choice, out).text = std::move(text->text);
    } else if (auto* call = std::get_if<chat::ToolCall>(&part)) {
      Event& begin = Add(Event::Kind::kToolCall, s->choice, out);
      begin.index = s->reader.calls - 1;
      begin.tool = *call;
      begin.tool.arguments.clear();
      Event& arguments = Add(Event::Kind::kToolArguments, s->choice, out);
      arguments.index = s->reader.calls - 1;
      arguments.text = std::move(call->arguments);
    } else if (auto* opaque = std::get_if<chat::Opaque>(&part)) {
      Add(Event::Kind::kOpaque, s->choice, out).json = std::move(opaque->json);
    }
  }

  // Pieces of thought run together until a signature or something else ends the block. A bare signature (of a
  // text) is a block of its own.
  static void Thought(const chat::Reasoning& r, State* s, std::vector<Event>* out) {
    if (!r.text.empty()) {
      Event& e = Add(Event::Kind::kReasoning, s->choice, out);
      e.index = s->block;
      e.text = r.text;
      e.dialect = r.origin;
    }
    s->thinking = true;
    if (r.signature.empty() && r.encrypted.empty()) return;
    Event& e = Add(Event::Kind::kReasoningSignature, s->choice, out);
    e.index = s->block++;
    e.text = r.signature;
    e.encrypted = r.encrypted;
    e.dialect = r.origin;
    s->thinking = false;
  }

  bool started_ = false;
  std::string id_;
  std::vector<State> states_;
};

}  // namespace

chat::Finish FinishOf(std::string_view word, bool has_calls) {
  if (word.empty() || word == "FINISH_REASON_UNSPECIFIED") return chat::Finish::kNone;
  // FUNCTION_CALL is no word of Gemini's own, but servers that imitate it end calls with it.
  if (word == "STOP" || word == "FUNCTION_CALL")
    return has_calls ? chat::Finish::kToolCalls : chat::Finish::kStop;
  if (word == "MAX_TOKENS") return chat::Finish::kLength;
  for (const std::string_view filtered :
       {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR"}) {
    if (word == filtered) return chat::Finish::kContentFilter;
  }
  return chat::Finish::kError;  // MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, LANGUAGE, OTHER, ...
}

chat::Json LogprobsOf(JsonView result) {
  chat::Json out;
  JsonWriter w(&out.text);
  w.BeginObject().Key("content").BeginArray();
  const JsonView top = Get(result, "topCandidates");
  auto alternative = top.items().begin();
  const auto end = top.items().end();
  for (const auto chosen : Get(result, "chosenCandidates").items()) {
    const bool has = alternative != end;
    WriteToken(chosen, true, has ? *alternative : JsonView(), &w);
    if (has) ++alternative;
  }
  w.EndArray().Key("refusal").Null().EndObject();
  return out;
}

chat::Usage DecodeUsage(JsonView v) {
  chat::Usage u;
  if (!v.is_object()) return u;
  const auto count = [](JsonView n) { return std::max<std::int64_t>(0, n.integer().value_or(0)); };
  const auto audio = [&](JsonView details) {
    std::int64_t n = 0;
    for (const auto d : details.items()) {
      if (d["modality"].str() == "AUDIO") n += count(Get(d, "tokenCount"));
    }
    return n;
  };
  u.known = true;
  u.raw = RawOf(v);
  u.cached_input = count(Get(v, "cachedContentTokenCount"));
  u.input = count(Get(v, "promptTokenCount")) + count(Get(v, "toolUsePromptTokenCount"));
  u.reasoning = count(Get(v, "thoughtsTokenCount"));
  u.output = count(Get(v, "candidatesTokenCount")) + u.reasoning;
  u.audio_input = audio(Get(v, "promptTokensDetails"));
  u.audio_output = audio(Get(v, "candidatesTokensDetails"));
  return u;
}

Result<chat::Response> DecodeReply(std::string body) {
  chat::Response r;
  r.raw = std::move(body);
  r.raw_dialect = chat::Dialect::kGemini;
  const auto doc = JsonDoc::Parse(r.raw, JsonDoc::Surrogates::kReplace);
  if (!doc) return NotAnAnswer(doc.error().message);
  JsonView root = doc->root();
  if (root.is_array() && !root.empty()) root = *root.items().begin();
  if (!root.is_object()) return NotAnAnswer("it is " + std::string(JsonKindName(root.kind())) + ".");
  if (const JsonView error = root["error"]; !error.missing()) return UpstreamError(ReadErrorBody(error), 0);
  const JsonView blocked = Get(Get(root, "promptFeedback"), "blockReason");
  if (!root["candidates"].is_array() && !blocked.is_string()) return NotAnAnswer("'candidates' is missing.");
  r.id = Get(root, "responseId").str();
  r.model = Get(root, "modelVersion").str();
  r.usage = DecodeUsage(Get(root, "usageMetadata"));
  std::int64_t i = 0;
  for (const auto v : root["candidates"].items()) {
    TRY(auto choice, ReadCandidate(v, i++, r.id));
    r.choices.push_back(std::move(choice));
  }
  if (r.choices.empty() && blocked.is_string()) {
    auto& c = r.choices.emplace_back();
    c.message.role = chat::Role::kAssistant;
    c.finish = chat::Finish::kContentFilter;
    c.finish_raw = blocked.str();
  }
  for (const auto m : root.members()) {
    const std::string name = Camel(m.key);
    if (name == "candidates" || name == "usageMetadata" || name == "modelVersion" || name == "responseId")
      continue;
    Keep(&r.extra, m.key, m.value);
  }
  return r;
}

std::unique_ptr<StreamDecoder> NewStreamDecoder() {
  return std::make_unique<Decoder>();
}

}  // namespace baton::provider::gemini
