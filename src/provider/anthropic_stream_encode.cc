// A streamed answer in Anthropic's dialect. Neutral events carry no block borders; a block begins when the
// kind of event changes and ends when the next one begins.
#include <algorithm>

#include "provider/anthropic.h"
#include "provider/openai.h"
#include "provider/wire_pass.h"

namespace baton::provider::anthropic {
namespace {

class Passer final : public StreamEncoder {
 public:
  void Event(const chat::Event& e, std::string* out) override { out->append(e.raw); }
  void Finish(std::string*) override {}
  void Error(const baton::Error& error, std::string* out) override {
    out->append("event: error\ndata: ").append(EncodeError(error, 500)).append("\n\n");
  }
};

class Encoder final : public StreamEncoder {
 public:
  explicit Encoder(ReplyShape shape) : shape_(std::move(shape)) {}

  void Event(const chat::Event& e, std::string* out) override {
    using Kind = chat::Event::Kind;
    if (e.choice != 0) return;  // one answer per message
    switch (e.kind) {
      case Kind::kStart:
        if (!e.id.empty()) shape_.id = e.id;
        if (shape_.model.empty()) shape_.model = e.model;
        return;
      case Kind::kUsage:
        usage_ = e.usage;
        return;
      case Kind::kText:
      case Kind::kRefusal:
        return Text(e, out);
      case Kind::kReasoning:
      case Kind::kReasoningSignature:
        return Thought(e, out);
      case Kind::kToolCall:
        return Call(e, out);
      case Kind::kToolArguments:
        return Arguments(e, out);
      case Kind::kOpaque:
        return Opaque(e, out);
      case Kind::kFinish:
        finish_ = e.finish;
        finish_raw_ = e.text;
        stop_ = e.json.text;
        return;
      case Kind::kLogprobs:
      case Kind::kPassthrough:
        return;
    }
  }

  void Finish(std::string* out) override {
    if (ended_) return;
    ended_ = true;
    Begin(out);
    Close(out);
    JsonWriter w = Open("message_delta", out);
    w.Key("delta").BeginObject().Field("stop_reason", StopReason(finish_, finish_raw_));
    w.Key("stop_sequence").Raw(stop_.empty() ? "null" : stop_).EndObject();
    w.Key("usage");
    WriteUsage(usage_, &w);
    w.EndObject();
    out->append("\n\n");
    Open("message_stop", out).EndObject();
    out->append("\n\n");
  }

  void Error(const baton::Error& error, std::string* out) override {
    ended_ = true;
    out->append("event: error\ndata: ").append(EncodeError(error, 500)).append("\n\n");
  }

 private:
  enum class BlockKind { kNone, kText, kThinking, kTool };

  // "event: x\ndata: {"type":"x"": the caller goes on from there and closes the object.
  static JsonWriter Open(std::string_view type, std::string* out) {
    out->append("event: ").append(type).append("\ndata: ");
    JsonWriter w(out);
    w.BeginObject().Field("type", type);
    return w;
  }

  void Begin(std::string* out) {
    if (begun_) return;
    begun_ = true;
    JsonWriter w = Open("message_start", out);
    w.Key("message").BeginObject().Field("id", shape_.id).Field("type", "message").Field("role", "assistant");
    w.Field("model", shape_.model).Key("content").BeginArray().EndArray();
    w.Key("stop_reason").Null().Key("stop_sequence").Null().Key("usage");
    WriteUsage(usage_, &w);
    w.EndObject().EndObject();
    out->append("\n\n");
  }

  void Close(std::string* out) {
    if (open_ == BlockKind::kNone) return;
    open_ = BlockKind::kNone;
    Open("content_block_stop", out).IntField("index", blocks_ - 1).EndObject();
    out->append("\n\n");
  }

  // Starts a block unless that very one is open. `block` is written as its members.
  template <class Fn>
  void Block(BlockKind kind, std::int64_t key, std::string* out, Fn members) {
    Begin(out);
    if (open_ == kind && open_key_ == key) return;
    Close(out);
    open_ = kind;
    open_key_ = key;
    signature_begun_ = false;
    JsonWriter w = Open("content_block_start", out);
    w.IntField("index", blocks_++).Key("content_block").BeginObject();
    members(&w);
    w.EndObject().EndObject();
    out->append("\n\n");
  }

  static void Delta(std::int64_t index, std::string_view type, std::string_view name, std::string_view text,
                    std::string* out) {
    JsonWriter w = Open("content_block_delta", out);
    w.IntField("index", index)
        .Key("delta")
        .BeginObject()
        .Field("type", type)
        .Field(name, text)
        .EndObject()
        .EndObject();
    out->append("\n\n");
  }

  void Text(const chat::Event& e, std::string* out) {
    if (e.text.empty()) return;
    Block(BlockKind::kText, 0, out, [](JsonWriter* w) { w->Field("type", "text").Field("text", ""); });
    Delta(blocks_ - 1, "text_delta", "text", e.text, out);
  }

  void Thought(const chat::Event& e, std::string* out) {
    if (!e.encrypted.empty()) {
      Begin(out);
      Close(out);
      Block(BlockKind::kThinking, -1 - e.index, out, [&](JsonWriter* w) {
        w->Field("type", "redacted_thinking").Field("data", MarkSignature(e.encrypted, e.dialect));
      });
      Close(out);
      return;
    }
    if (e.text.empty()) return;
    Block(BlockKind::kThinking, e.index, out,
          [](JsonWriter* w) { w->Field("type", "thinking").Field("thinking", "").Field("signature", ""); });
    if (e.kind == chat::Event::Kind::kReasoning) {
      Delta(blocks_ - 1, "thinking_delta", "thinking", e.text, out);
    } else {
      // Pieces of one signature are joined by the client: the mark goes before the first only.
      Delta(blocks_ - 1, "signature_delta", "signature",
            signature_begun_ ? e.text : MarkSignature(e.text, e.dialect), out);
      signature_begun_ = true;
    }
  }

  void Call(const chat::Event& e, std::string* out) {
    if (BlockOf(e.index) >= 0) return;  // told before; a late name has no place
    Block(BlockKind::kTool, e.index, out, [&](JsonWriter* w) {
      w->Field("type", "tool_use").Field("id", CallId(e.tool.id)).Field("name", e.tool.name);
      w->Key("input").BeginObject().EndObject();
      if (!e.tool.signature.empty()) {
        w->Key("extra_content");
        openai::WriteSignature(e.tool.signature, e.tool.signature_origin, w);
      }
    });
    calls_.push_back({e.index, blocks_ - 1});
  }

  // Arguments of an earlier call go to its block by number even after it was closed: servers that interleave
  // parallel calls are rare, and clients collect by number.
  void Arguments(const chat::Event& e, std::string* out) {
    const std::int64_t block = BlockOf(e.index);
    if (e.text.empty() || block < 0) return;
    Delta(block, "input_json_delta", "partial_json", e.text, out);
  }

  void Opaque(const chat::Event& e, std::string* out) {
    if (e.dialect != chat::Dialect::kAnthropic) return;
    Begin(out);
    Close(out);
    JsonWriter w = Open("content_block_start", out);
    w.IntField("index", blocks_++).RawField("content_block", e.json.text).EndObject();
    out->append("\n\n");
    open_ = BlockKind::kText;
    Close(out);
  }

  std::int64_t BlockOf(std::int64_t call) const {
    for (const auto& [index, block] : calls_) {
      if (index == call) return block;
    }
    return -1;
  }

  ReplyShape shape_;
  chat::Usage usage_;
  chat::Finish finish_ = chat::Finish::kNone;
  std::string finish_raw_, stop_;
  bool begun_ = false, ended_ = false, signature_begun_ = false;
  BlockKind open_ = BlockKind::kNone;
  std::int64_t open_key_ = 0;
  std::int64_t blocks_ = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> calls_;  // neutral index, block number
};

}  // namespace

std::unique_ptr<StreamEncoder> NewStreamEncoder(ReplyShape shape) {
  if (shape.passthrough) return std::make_unique<Passer>();
  return std::make_unique<Encoder>(std::move(shape));
}

}  // namespace baton::provider::anthropic
