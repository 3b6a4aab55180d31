// A streamed answer in OpenAI's dialect: the worker's own bytes where nothing was rewritten, else chunks made
// from the neutral events.
#include <algorithm>

#include "provider/fields.h"
#include "provider/openai.h"

namespace baton::provider::openai {
namespace {

using chat::Event;

// Passes the worker's events on. When we asked for usage and the client did not, what our question caused is
// taken out again: the usage chunk, and "usage":null in every other one.
class Passer final : public StreamEncoder {
 public:
  explicit Passer(ReplyShape shape) : shape_(std::move(shape)) {}

  void Event(const chat::Event& e, std::string* out) override {
    if (e.raw.empty()) return;
    if (e.kind == chat::Event::Kind::kPassthrough && e.raw.find("[DONE]") != std::string::npos) done_ = true;
    if (!shape_.injected_usage) {
      out->append(e.raw);
      return;
    }
    // First in its block, so the block is nothing else (the decoder sees to that).
    if (e.kind == chat::Event::Kind::kUsage) return;
    WithoutNull(e.raw, out);
  }

  void Finish(std::string* out) override {
    if (!done_) out->append("data: [DONE]\n\n");  // the client waits for it even if the worker forgot
  }

  void Error(const baton::Error& error, std::string* out) override {
    out->append("data: ").append(EncodeError(error, 500)).append("\n\n");
    done_ = true;
  }

 private:
  static void WithoutNull(const std::string& raw, std::string* out) {
    const auto open = raw.find('{'), close = raw.rfind('}'), name = raw.find("\"usage\"");
    if (name == std::string::npos || open == std::string::npos || close < open) {
      out->append(raw);
      return;
    }
    // As nearly everybody writes it: last in the object that the last brace closes. The decoder has read it.
    constexpr std::string_view kLast = ",\"usage\":null";
    if (name + kLast.size() == close + 1 && raw.compare(name - 1, kLast.size(), kLast) == 0) {
      out->append(raw, 0, name - 1).append(raw, close);
      return;
    }
    const auto doc =
        JsonDoc::Parse(std::string_view(raw).substr(open, close - open + 1), JsonDoc::Surrogates::kReplace);
    const JsonView usage = doc ? doc->root()["usage"] : JsonView();
    if (!usage.is_null()) {
      out->append(raw);
      return;
    }
    // From the comma before the name to the end of the value, or to the comma after it when it is the first
    // member.
    const std::size_t value = open + usage.offset();
    std::size_t begin = raw.rfind('"', raw.rfind('"', value) - 1), end = value + usage.raw().size();
    const auto before = raw.find_last_not_of(" \t\r\n", begin - 1);
    const auto after = raw.find_first_not_of(" \t\r\n", end);
    if (before != std::string::npos && raw[before] == ',') {
      begin = before;
    } else if (after != std::string::npos && raw[after] == ',') {
      end = after + 1;
    }
    out->append(raw, 0, begin).append(raw, end);
  }

  ReplyShape shape_;
  bool done_ = false;
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
        if (e.created) shape_.created = e.created;
        return;
      case Kind::kText:
        return Simple(e, "content", out);
      case Kind::kRefusal:
        return Simple(e, "refusal", out);
      case Kind::kReasoning:
      case Kind::kReasoningSignature:
        return Thought(e, out);
      case Kind::kToolCall:
        return Call(e, out);
      case Kind::kToolArguments:
        return Arguments(e, out);
      case Kind::kLogprobs:
        At(e.choice, out).logprobs = e.json.text;
        return;
      case Kind::kFinish:
        degraded_ = e.degraded;
        return Finished(e, out);
      case Kind::kUsage:
        usage_ = e.usage;
        return;
      case Kind::kOpaque:
        return Opaque(e, out);
      case Kind::kPassthrough:
        return;
    }
  }

  void Finish(std::string* out) override {
    if (ended_) return;
    ended_ = true;
    if (shape_.include_usage) {
      JsonWriter w = Open(out);
      w.Key("choices").BeginArray().EndArray().Key("usage");
      WriteUsage(usage_, &w);
      w.EndObject();
      out->append("\n\n");
    }
    out->append("data: [DONE]\n\n");
  }

  void Error(const baton::Error& error, std::string* out) override {
    ended_ = true;
    out->append("data: ").append(EncodeError(error, 500)).append("\n\n");
  }

 private:
  struct Block {
    std::int64_t index, unit;  // the worker's number of a reasoning block; its place among the visible units
  };
  struct State {
    std::int64_t choice = 0;
    std::string logprobs;
    std::int64_t units = 0;
    bool text_counted = false;
    std::vector<Block> blocks;
    std::vector<std::int64_t> calls;  // indexes already announced
  };

  // Opens a chunk up to and without "choices".
  JsonWriter Open(std::string* out) {
    out->append("data: ");
    JsonWriter w(out);
    w.BeginObject().Field("id", shape_.id).Field("object", "chat.completion.chunk");
    w.IntField("created", shape_.created).Field("model", shape_.model);
    return w;
  }

  // Opens a chunk of a choice; the caller writes the members of delta and calls Close.
  JsonWriter Delta(std::int64_t choice, std::string* out) {
    JsonWriter w = Open(out);
    w.Key("choices").BeginArray().BeginObject().IntField("index", choice).Key("delta").BeginObject();
    return w;
  }

  void Close(JsonWriter w, State* state, std::string_view finish, std::string* out) {
    w.EndObject();
    if (state && !state->logprobs.empty()) {
      w.RawField("logprobs", state->logprobs);
      state->logprobs.clear();
    } else {
      w.Key("logprobs").Null();
    }
    if (finish.empty()) {
      w.Key("finish_reason").Null();
    } else {
      w.Field("finish_reason", finish);
    }
    w.EndObject().EndArray();
    if (shape_.include_usage) w.Key("usage").Null();
    if (!finish.empty() && !degraded_.empty()) {
      w.Key("baton").BeginObject().Field("degraded", degraded_).EndObject();
    }
    w.EndObject();
    out->append("\n\n");
  }

  // The choice's state; its first mention sends the role.
  State& At(std::int64_t choice, std::string* out) {
    for (auto& s : states_) {
      if (s.choice == choice) return s;
    }
    State& s = states_.emplace_back();
    s.choice = choice;
    JsonWriter w = Delta(choice, out);
    w.Field("role", "assistant").Field("content", "").Key("refusal").Null();
    Close(w, nullptr, {}, out);
    return s;
  }

  void Simple(const chat::Event& e, std::string_view name, std::string* out) {
    State& s = At(e.choice, out);
    if (e.text.empty()) return;
    if (!s.text_counted && name == "content") {
      s.text_counted = true;
      ++s.units;
    }
    JsonWriter w = Delta(e.choice, out);
    w.Field(name, e.text);
    Close(w, &s, {}, out);
  }

  void Thought(const chat::Event& e, std::string* out) {
    State& s = At(e.choice, out);
    const auto known =
        std::find_if(s.blocks.begin(), s.blocks.end(), [&](const Block& b) { return b.index == e.index; });
    const std::int64_t unit = known != s.blocks.end() ? known->unit : s.units;
    if (known == s.blocks.end()) s.blocks.push_back({e.index, s.units++});
    JsonWriter w = Delta(e.choice, out);
    const bool text = e.kind == chat::Event::Kind::kReasoning;
    if (text && !e.text.empty()) w.Field("reasoning_content", e.text);
    // Text without a mark needs no detail: nothing is to come back signed. Once signed, all of a block is
    // told.
    const bool marked =
        e.dialect == chat::Dialect::kAnthropic || e.dialect == chat::Dialect::kGemini || !e.json.empty();
    if (!text || marked) {
      w.Key("reasoning_details").BeginArray().BeginObject();
      const auto marks =
          e.json.empty() ? Result<JsonDoc>(Fail(Code::kInternal, "")) : JsonDoc::Parse(e.json.text);
      const bool typed = marks && !marks->root()["type"].missing();
      const bool summary = typed && marks->root()["type"].str() == "reasoning.summary";
      if (!typed) w.Field("type", e.encrypted.empty() ? "reasoning.text" : "reasoning.encrypted");
      if (text) w.Field(summary ? "summary" : "text", e.text);
      if (!text && !e.text.empty()) w.Field("signature", e.text);
      if (!e.encrypted.empty()) w.Field("data", e.encrypted);
      if (e.dialect == chat::Dialect::kAnthropic) w.Field("format", kAnthropicMark);
      if (e.dialect == chat::Dialect::kGemini) w.Field("format", kGeminiMark);
      if (marks) {
        for (const auto m : marks->root().members()) w.RawField(m.key, m.value.raw());
      }
      w.IntField("index", unit).EndObject().EndArray();
    }
    Close(w, &s, {}, out);
  }

  void Call(const chat::Event& e, std::string* out) {
    State& s = At(e.choice, out);
    const bool again = std::find(s.calls.begin(), s.calls.end(), e.index) != s.calls.end();
    if (!again) {
      s.calls.push_back(e.index);
      ++s.units;
    }
    const std::string_view body = e.tool.custom ? "custom" : "function";
    JsonWriter w = Delta(e.choice, out);
    w.Key("tool_calls").BeginArray().BeginObject().IntField("index", e.index);
    w.Field("id", e.tool.id).Field("type", body);
    w.Key(body).BeginObject().Field("name", e.tool.name);
    w.Field(e.tool.custom ? "input" : "arguments", e.tool.arguments).EndObject();
    if (!e.tool.signature.empty()) {
      w.Key("extra_content");
      WriteSignature(e.tool.signature, e.tool.signature_origin, &w);
    }
    w.EndObject().EndArray();
    custom_ |= e.tool.custom;
    Close(w, &s, {}, out);
  }

  void Arguments(const chat::Event& e, std::string* out) {
    State& s = At(e.choice, out);
    if (e.text.empty()) return;
    JsonWriter w = Delta(e.choice, out);
    w.Key("tool_calls").BeginArray().BeginObject().IntField("index", e.index);
    w.Key(custom_ ? "custom" : "function")
        .BeginObject()
        .Field(custom_ ? "input" : "arguments", e.text)
        .EndObject();
    w.EndObject().EndArray();
    Close(w, &s, {}, out);
  }

  void Finished(const chat::Event& e, std::string* out) {
    State& s = At(e.choice, out);
    JsonWriter w = Delta(e.choice, out);
    Close(w, &s, FinishWord(e.finish), out);
  }

  // A piece of our own dialect: its members are members of the delta.
  void Opaque(const chat::Event& e, std::string* out) {
    if (e.dialect != chat::Dialect::kOpenAi) return;
    const auto doc = JsonDoc::Parse(e.json.text);
    if (!doc || !doc->root().is_object()) return;
    State& s = At(e.choice, out);
    JsonWriter w = Delta(e.choice, out);
    for (const auto m : doc->root().members()) w.RawField(m.key, m.value.raw());
    Close(w, &s, {}, out);
  }

  ReplyShape shape_;
  std::vector<State> states_;
  std::string degraded_;
  chat::Usage usage_;
  bool custom_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape) {
  if (shape.passthrough) return std::make_unique<Passer>(std::move(shape));
  return std::make_unique<Encoder>(std::move(shape));
}

}  // namespace baton::provider::openai
