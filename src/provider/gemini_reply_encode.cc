// Answers in Gemini's dialect, whole and streamed. Each event of a stream is a whole response; a function
// call is one part and so is held until its arguments are complete.
#include <algorithm>

#include "provider/gemini.h"

namespace baton::provider::gemini {
namespace {

void WriteCandidate(const chat::Choice& c, JsonWriter* w) {
  w->BeginObject().Key("content").BeginObject().Key("parts").BeginArray();
  chat::Message shown = c.message;
  std::erase_if(shown.parts, [](const chat::Part& part) {
    const auto* opaque = std::get_if<chat::Opaque>(&part);
    return (opaque && opaque->dialect != chat::Dialect::kGemini) ||
           std::holds_alternative<chat::ToolResult>(part);
  });
  PartWriter(nullptr, nullptr, false, w).WriteParts(shown);
  w->EndArray().Field("role", "model").EndObject();
  if (c.finish != chat::Finish::kNone) w->Field("finishReason", FinishWord(c.finish, c.finish_raw));
  w->IntField("index", c.index).EndObject();
}

class Passer final : public StreamEncoder {
 public:
  void Event(const chat::Event& e, std::string* out) override { out->append(e.raw); }
  void Finish(std::string*) override {}
  void Error(const baton::Error& error, std::string* out) override {
    out->append("data: ").append(EncodeError(error, 500)).append("\n\n");
  }
};

class Encoder final : public StreamEncoder {
 public:
  explicit Encoder(ReplyShape shape) : shape_(std::move(shape)) {}

  void Event(const chat::Event& e, std::string* out) override {
    using Kind = chat::Event::Kind;
    switch (e.kind) {
      case Kind::kStart:
        if (!e.id.empty()) shape_.id = e.id;
        if (shape_.model.empty()) shape_.model = e.model;
        return;
      case Kind::kUsage:
        usage_ = e.usage;
        return;
      case Kind::kText:
        return Part(e.choice, chat::Text{e.text, {}}, out);
      case Kind::kRefusal:
        return Part(e.choice, chat::Refusal{e.text}, out);
      case Kind::kReasoning:
        Hold(e.choice).thought = e.index;
        return Part(e.choice, chat::Reasoning{e.text, {}, {}, e.dialect, {}}, out);
      case Kind::kReasoningSignature: {
        chat::Reasoning r{{}, e.text, e.encrypted, e.dialect, {}};
        if (Hold(e.choice).thought == e.index) r.extra.emplace_back("thought", chat::Json{"true"});
        return Part(e.choice, std::move(r), out);
      }
      case Kind::kOpaque:
        if (e.dialect == chat::Dialect::kGemini) Part(e.choice, chat::Opaque{e.dialect, e.json}, out);
        return;
      case Kind::kToolCall:
        return Call(e);
      case Kind::kToolArguments:
        return Arguments(e);
      case Kind::kFinish:
        At(e.choice).finish = e.finish;
        At(e.choice).finish_raw = e.text;
        return;
      case Kind::kLogprobs:
      case Kind::kPassthrough:
        return;
    }
  }

  void Finish(std::string* out) override {
    if (ended_) return;
    ended_ = true;
    std::vector<chat::Choice> choices;
    for (auto& h : held_) choices.push_back(std::move(h.choice));
    if (choices.empty()) choices.emplace_back();
    for (auto& c : choices) {
      if (c.finish == chat::Finish::kNone) c.finish = chat::Finish::kStop;
    }
    Chunk(choices, true, out);
  }

  void Error(const baton::Error& error, std::string* out) override {
    ended_ = true;
    out->append("data: ").append(EncodeError(error, 500)).append("\n\n");
  }

 private:
  // Calls of a choice, held to the end, and how it ended.
  struct Held {
    chat::Choice choice;
    std::vector<std::int64_t> indexes;
    std::int64_t thought = -1;  // the block of reasoning begun last
  };

  Held& Hold(std::int64_t choice) {
    for (auto& h : held_) {
      if (h.choice.index == choice) return h;
    }
    Held& h = held_.emplace_back();
    h.choice.index = choice;
    return h;
  }
  chat::Choice& At(std::int64_t choice) { return Hold(choice).choice; }

  void Chunk(const std::vector<chat::Choice>& choices, bool last, std::string* out) {
    out->append("data: ");
    JsonWriter w(out);
    w.BeginObject().Key("candidates").BeginArray();
    for (const auto& c : choices) WriteCandidate(c, &w);
    w.EndArray();
    if (last || usage_.known) {
      w.Key("usageMetadata");
      WriteUsage(usage_, &w);
    }
    w.Field("modelVersion", shape_.model).Field("responseId", shape_.id).EndObject();
    out->append("\n\n");
  }

  void Part(std::int64_t choice, chat::Part part, std::string* out) {
    Hold(choice);
    chat::Choice c;
    c.index = choice;
    c.message.parts.push_back(std::move(part));
    Chunk({c}, false, out);
  }

  void Call(const chat::Event& e) {
    Held& h = Hold(e.choice);
    const auto known = std::find(h.indexes.begin(), h.indexes.end(), e.index);
    if (known != h.indexes.end()) {
      auto& call = std::get<chat::ToolCall>(
          h.choice.message.parts[static_cast<std::size_t>(known - h.indexes.begin())]);
      if (call.name.empty()) call.name = e.tool.name;
      return;
    }
    h.indexes.push_back(e.index);
    h.choice.message.parts.emplace_back(e.tool);
  }

  void Arguments(const chat::Event& e) {
    Held& h = Hold(e.choice);
    for (std::size_t i = 0; i < h.indexes.size(); ++i) {
      if (h.indexes[i] == e.index) std::get<chat::ToolCall>(h.choice.message.parts[i]).arguments += e.text;
    }
  }

  ReplyShape shape_;
  chat::Usage usage_;
  std::vector<Held> held_;
  bool ended_ = false;
};

std::string_view StatusWord(const baton::Error& e, int status) {
  switch (e.code) {
    case Code::kUnauthenticated:
      return "UNAUTHENTICATED";
    case Code::kPermissionDenied:
      return "PERMISSION_DENIED";
    case Code::kNotFound:
      return "NOT_FOUND";
    case Code::kOverBudget:
    case Code::kRateLimited:
      return "RESOURCE_EXHAUSTED";
    case Code::kOverloaded:
    case Code::kUnavailable:
      return "UNAVAILABLE";
    case Code::kDeadline:
      return "DEADLINE_EXCEEDED";
    case Code::kCancelled:
      return "CANCELLED";
    case Code::kInvalidRequest:
    case Code::kTooLarge:
    case Code::kUnsupported:
    case Code::kUpstreamRejected:
      return "INVALID_ARGUMENT";
    case Code::kConflict:
      return "ABORTED";
    default:
      return status >= 400 && status < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
  }
}

}  // namespace

std::string_view FinishWord(chat::Finish finish, std::string_view raw) {
  // Their own words are in capitals.
  if (!raw.empty() &&
      std::all_of(raw.begin(), raw.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; }))
    return raw;
  switch (finish) {
    case chat::Finish::kLength:
      return "MAX_TOKENS";
    case chat::Finish::kContentFilter:
    case chat::Finish::kRefusal:
      return "SAFETY";
    case chat::Finish::kError:
      return "OTHER";
    default:
      return "STOP";
  }
}

void WriteUsage(const chat::Usage& u, JsonWriter* w) {
  w->BeginObject().IntField("promptTokenCount", u.input);
  if (u.cached_input > 0) w->IntField("cachedContentTokenCount", u.cached_input);
  w->IntField("candidatesTokenCount", std::max<std::int64_t>(0, u.output - u.reasoning));
  if (u.reasoning > 0) w->IntField("thoughtsTokenCount", u.reasoning);
  w->IntField("totalTokenCount", u.input + u.output).EndObject();
}

std::string EncodeReply(const chat::Response& r, const ReplyShape& shape) {
  if (shape.passthrough && r.raw_dialect == chat::Dialect::kGemini && !r.raw.empty()) return r.raw;
  std::string out;
  JsonWriter w(&out);
  w.BeginObject().Key("candidates").BeginArray();
  for (const auto& c : r.choices) WriteCandidate(c, &w);
  w.EndArray().Key("usageMetadata");
  WriteUsage(r.usage, &w);
  w.Field("modelVersion", shape.model.empty() ? r.model : shape.model);
  w.Field("responseId", r.id.empty() ? shape.id : r.id).EndObject();
  return out;
}

std::string EncodeError(const baton::Error& e, int status) {
  std::string out;
  JsonWriter w(&out);
  w.BeginObject().Key("error").BeginObject();
  w.IntField("code", status).Field("message", e.message).Field("status", StatusWord(e, status));
  w.EndObject().EndObject();
  return out;
}

std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape) {
  if (shape.passthrough) return std::make_unique<Passer>();
  return std::make_unique<Encoder>(std::move(shape));
}

}  // namespace baton::provider::gemini
