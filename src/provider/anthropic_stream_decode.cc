// Streams of Anthropic's Messages API: blocks that start, grow and stop. Events nobody here knows are
// ignored, as the API's contract asks.
#include <algorithm>

#include "provider/anthropic.h"
#include "provider/stream_base.h"
#include "provider/upstream_error.h"
#include "provider/wire_pass.h"

namespace baton::provider::anthropic {
namespace {

using chat::Event;

constexpr std::size_t kMaxOpaque = 8 * 1024 * 1024;  // a server tool's block is held until it is whole

class Decoder final : public StreamBase {
 protected:
  Status OnJson(JsonView root, std::vector<Event>* out) override {
    const std::string_view type = root["type"].str();
    if (type == "error") return UpstreamError(ReadErrorBody(root["error"]), 0);
    if (type == "message_start") {
      Start(root["message"], out);
    } else if (type == "content_block_start") {
      return BlockStart(root, out);
    } else if (type == "content_block_delta") {
      return BlockDelta(root, out);
    } else if (type == "content_block_stop") {
      BlockStop(root["index"].integer().value_or(0), out);
    } else if (type == "message_delta") {
      Delta(root, out);
    } else if (type == "message_stop") {
      Complete();
    }
    return {};
  }

 private:
  struct Block {
    std::int64_t index = 0;  // theirs
    std::int64_t tool = -1;  // number of the tool call, or -1
    bool opaque = false;
    bool empty = true;    // a tool call without arguments so far
    std::string start;    // raw content_block of a tool call or opaque block
    std::string partial;  // input of an opaque block
  };

  static Event& Add(Event::Kind kind, std::vector<Event>* out) {
    Event& e = out->emplace_back();
    e.kind = kind;
    e.dialect = chat::Dialect::kAnthropic;
    return e;
  }

  Block* Find(std::int64_t index) {
    for (auto& b : blocks_) {
      if (b.index == index) return &b;
    }
    return nullptr;
  }

  void Start(JsonView message, std::vector<Event>* out) {
    Event& e = Add(Event::Kind::kStart, out);
    e.id = message["id"].str();
    e.model = message["model"].str();
    Usage(message["usage"], out);
  }

  // Usage is cumulative, but its parts are spread: input counts at the start, output at the end.
  void Usage(JsonView usage, std::vector<Event>* out) {
    if (!usage.is_object()) return;
    for (const auto m : usage.members()) {
      if (m.value.is_null()) continue;
      auto known =
          std::find_if(usage_.begin(), usage_.end(), [&](const auto& u) { return u.first == m.key; });
      if (known == usage_.end()) {
        if (usage_.size() < 64) usage_.emplace_back(std::string(m.key), RawOf(m.value));
      } else {
        known->second = RawOf(m.value);
      }
    }
    std::string merged;
    JsonWriter w(&merged);
    w.BeginObject();
    for (const auto& [name, value] : usage_) w.RawField(name, value.text);
    w.EndObject();
    if (const auto doc = JsonDoc::Parse(merged))
      Add(Event::Kind::kUsage, out).usage = DecodeUsage(doc->root());
  }

  Status BlockStart(JsonView root, std::vector<Event>* out) {
    const JsonView v = root["content_block"];
    const std::string_view type = v["type"].str();
    Block b;
    b.index = root["index"].integer().value_or(0);
    if (blocks_.size() >= 65536)
      return Fail(Code::kBadUpstream, "The worker's stream has too many blocks.", "malformed_stream");
    if (type == "text") {
      if (const auto text = v["text"].str(); !text.empty()) Add(Event::Kind::kText, out).text = text;
    } else if (type == "thinking") {
      Thought(Event::Kind::kReasoning, b.index, v["thinking"].str(), out);
      Thought(Event::Kind::kReasoningSignature, b.index, v["signature"].str(), out);
    } else if (type == "redacted_thinking") {
      Event& e = Add(Event::Kind::kReasoningSignature, out);
      e.index = b.index;
      e.encrypted = v["data"].str();
    } else if (type == "tool_use") {
      b.tool = calls_++;
      b.start = v["input"].raw();
      Event& e = Add(Event::Kind::kToolCall, out);
      e.index = b.tool;
      e.tool.id = v["id"].str();
      e.tool.name = v["name"].str();
      if (const JsonView signature = v["extra_content"]["google"]["thought_signature"];
          signature.is_string()) {
        e.tool.signature = signature.str();
        e.tool.signature_origin =
            v["extra_content"]["origin"].str() == "gemini" ? chat::Dialect::kGemini : chat::Dialect::kOpenAi;
      }
    } else {
      b.opaque = true;
      b.start = v.raw();
    }
    blocks_.push_back(std::move(b));
    return {};
  }

  // Signatures and thoughts of other vendors are marked when Baton's own Anthropic surface is the worker.
  static void Thought(Event::Kind kind, std::int64_t index, std::string_view text, std::vector<Event>* out) {
    if (text.empty()) return;
    Event& e = Add(kind, out);
    e.index = index;
    e.text = text;
  }

  Status BlockDelta(JsonView root, std::vector<Event>* out) {
    const std::int64_t index = root["index"].integer().value_or(0);
    const JsonView delta = root["delta"];
    const std::string_view type = delta["type"].str();
    Block* block = Find(index);
    if (type == "text_delta") {
      if (const auto text = delta["text"].str(); !text.empty()) Add(Event::Kind::kText, out).text = text;
    } else if (type == "thinking_delta") {
      Thought(Event::Kind::kReasoning, index, delta["thinking"].str(), out);
    } else if (type == "signature_delta") {
      Thought(Event::Kind::kReasoningSignature, index, delta["signature"].str(), out);
    } else if (type == "input_json_delta" && block) {
      const std::string_view text = delta["partial_json"].str();
      if (block->opaque) {
        if (block->partial.size() + text.size() > kMaxOpaque) {
          return Fail(Code::kBadUpstream, "A block of the worker's stream is too large.", "malformed_stream");
        }
        block->partial += text;
      } else if (block->tool >= 0 && !text.empty()) {
        Arguments(block, text, out);
      }
    }
    return {};
  }

  static void Arguments(Block* block, std::string_view text, std::vector<Event>* out) {
    block->empty = false;
    Event& e = Add(Event::Kind::kToolArguments, out);
    e.index = block->tool;
    e.text = text;
  }

  void BlockStop(std::int64_t index, std::vector<Event>* out) {
    Block* block = Find(index);
    if (!block) return;
    // A call without fragments had its arguments (often none) in the start event.
    if (block->tool >= 0 && block->empty) {
      Arguments(block, block->start.empty() ? std::string("{}") : ArgumentsFromObject(block->start), out);
    }
    if (block->opaque) Add(Event::Kind::kOpaque, out).json.text = Whole(*block);
    block->start.clear();
    block->partial.clear();
    block->opaque = false;
  }

  // The block as a reply without streaming would have held it.
  static std::string Whole(const Block& block) {
    const auto doc = JsonDoc::Parse(block.start);
    if (!doc || block.partial.empty() || !IsJson(block.partial)) return block.start;
    std::string out;
    JsonWriter w(&out);
    w.BeginObject();
    for (const auto m : doc->root().members()) {
      if (m.key != "input") w.RawField(m.key, m.value.raw());
    }
    w.RawField("input", block.partial).EndObject();
    return out;
  }

  void Delta(JsonView root, std::vector<Event>* out) {
    const JsonView delta = root["delta"];
    if (const auto reason = delta["stop_reason"].str(); !reason.empty()) {
      Event& e = Add(Event::Kind::kFinish, out);
      e.finish = FinishOf(reason);
      e.text = reason;
      if (const JsonView stop = delta["stop_sequence"]; stop.is_string()) e.json = RawOf(stop);
      Complete();
    }
    Usage(root["usage"], out);
  }

  std::vector<Block> blocks_;
  std::int64_t calls_ = 0;
  chat::Extra usage_;
};

}  // namespace

std::unique_ptr<StreamDecoder> NewStreamDecoder() {
  return std::make_unique<Decoder>();
}

}  // namespace baton::provider::anthropic
