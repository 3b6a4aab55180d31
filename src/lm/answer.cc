#include "lm/answer.h"

#include <chat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lm/tool_tags.h"

namespace baton::lm {
namespace {

using chat::Event;

Event TextEvent(Event::Kind kind, std::string text, std::int64_t index = 0) {
  Event e;
  e.kind = kind;
  e.text = std::move(text);
  e.index = index;
  return e;
}

Event CallEvent(std::int64_t index, std::string id, std::string name) {
  Event e;
  e.kind = Event::Kind::kToolCall;
  e.index = index;
  e.tool.id = std::move(id);
  e.tool.name = std::move(name);
  return e;
}

class PlainAnswer : public Answer {
 public:
  void Text(std::string_view piece, std::vector<Event>* out) override {
    if (!piece.empty()) out->push_back(TextEvent(Event::Kind::kText, std::string(piece)));
  }
  void End(std::vector<Event>*) override {}
  bool called() const override { return false; }
};

// The end of `text` that may yet become `tag`.
std::size_t OpenSuffix(std::string_view text, std::string_view tag) {
  for (std::size_t n = std::min(tag.size() - 1, text.size()); n > 0; --n) {
    if (text.ends_with(tag.substr(0, n))) return n;
  }
  return 0;
}

class TaggedAnswer : public Answer {
 public:
  explicit TaggedAnswer(CallIds ids) : ids_(std::move(ids)) {}

  void Text(std::string_view piece, std::vector<Event>* out) override {
    buffer_ += piece;
    while (Step(out)) {
    }
  }

  void End(std::vector<Event>* out) override {
    // What was held back and came to nothing was text after all.
    if (state_ == State::kText || state_ == State::kHead) {
      std::string rest = (state_ == State::kHead ? std::string(kToolOpen) : "") + std::exchange(buffer_, {});
      if (!rest.empty() && !BlankAfterCall(rest))
        out->push_back(TextEvent(Event::Kind::kText, std::move(rest)));
    }
  }

  bool called() const override { return calls_ > 0; }

 private:
  enum class State { kText, kHead, kArguments, kTail };

  bool BlankAfterCall(std::string_view text) const {
    return called() && text.find_first_not_of(" \n\r\t") == std::string_view::npos;
  }

  // Moves one state on; false when more text is needed.
  bool Step(std::vector<Event>* out) {
    switch (state_) {
      case State::kText:
        return StepText(out);
      case State::kHead:
        return StepHead(out);
      case State::kArguments:
        return StepArguments(out);
      case State::kTail:
        return StepTail();
    }
    return false;
  }

  bool StepText(std::vector<Event>* out) {
    const std::size_t tag = buffer_.find(kToolOpen);
    const std::size_t keep = tag == std::string::npos ? OpenSuffix(buffer_, kToolOpen) : 0;
    std::string text = buffer_.substr(0, tag == std::string::npos ? buffer_.size() - keep : tag);
    buffer_.erase(0, text.size() + (tag == std::string::npos ? 0 : kToolOpen.size()));
    if (!text.empty() && !BlankAfterCall(text))
      out->push_back(TextEvent(Event::Kind::kText, std::move(text)));
    if (tag == std::string::npos) return false;
    state_ = State::kHead;
    return true;
  }

  // {"name": "...", "arguments": comes first; the grammar fixes the order.
  bool StepHead(std::vector<Event>* out) {
    const std::size_t key = buffer_.find("\"arguments\"");
    const std::size_t colon = key == std::string::npos ? key : buffer_.find(':', key);
    if (colon == std::string::npos) return false;
    const auto head = nlohmann::json::parse(buffer_.substr(0, colon + 1) + "null}", nullptr, false);
    const bool good = head.is_object() && head.contains("name") && head["name"].is_string();
    out->push_back(CallEvent(calls_++, ids_.New(), good ? head["name"].get<std::string>() : std::string()));
    buffer_.erase(0, colon + 1);
    depth_ = 0;
    in_string_ = escaped_ = started_ = false;
    state_ = State::kArguments;
    return true;
  }

  bool StepArguments(std::vector<Event>* out) {
    if (!started_) buffer_.erase(0, std::min(buffer_.find_first_not_of(" \n\r\t"), buffer_.size()));
    std::size_t n = 0;
    bool ended = false;
    while (n < buffer_.size() && !ended) ended = TakeArgumentByte(buffer_[n], &n);
    std::string piece = buffer_.substr(0, n);
    buffer_.erase(0, n);
    if (!piece.empty()) {
      out->push_back(TextEvent(Event::Kind::kToolArguments, std::move(piece), calls_ - 1));
    }
    if (!ended) return false;
    state_ = State::kTail;
    return true;
  }

  // Advances over one byte of the value; true when the value has ended (before that byte, for bare values).
  bool TakeArgumentByte(char c, std::size_t* n) {
    started_ = true;
    if (in_string_) {
      ++*n;
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        return depth_ == 0;
      }
      return false;
    }
    if (depth_ == 0 && (c == '}' || c == ',')) return true;
    ++*n;
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') return --depth_ == 0;
    return false;
  }

  bool StepTail() {
    const std::size_t tag = buffer_.find(kToolClose);
    if (tag == std::string::npos) return false;
    buffer_.erase(0, tag + kToolClose.size());
    state_ = State::kText;
    return true;
  }

  CallIds ids_;
  State state_ = State::kText;
  std::string buffer_;
  std::int64_t calls_ = 0;
  int depth_ = 0;
  bool in_string_ = false, escaped_ = false, started_ = false;
};

// Parses the whole text anew at each piece and reports what is new: the parser has no incremental form, and
// answers with tool calls are short.
class NativeAnswer : public Answer {
 public:
  NativeAnswer(CallIds ids, const std::string& parser, int format, const std::string& generation_prompt)
      : ids_(std::move(ids)) {
    params_.format = static_cast<common_chat_format>(format);
    params_.reasoning_format = COMMON_REASONING_FORMAT_DEEPSEEK;
    params_.generation_prompt = generation_prompt;
    if (!parser.empty()) params_.parser.load(parser);
  }

  void Text(std::string_view piece, std::vector<Event>* out) override {
    text_ += piece;
    Parse(true, out);
  }
  void End(std::vector<Event>* out) override { Parse(false, out); }
  bool called() const override { return !seen_.tool_calls.empty(); }

 private:
  void Parse(bool partial, std::vector<Event>* out) {
    try {
      common_chat_msg now = common_chat_parse(text_, partial, params_);
      now.set_tool_call_ids(call_ids_, [this] { return ids_.New(); });
      if (now.empty()) return;
      for (const common_chat_msg_diff& diff : common_chat_msg_diff::compute_diffs(seen_, now))
        Report(diff, out);
      seen_ = std::move(now);
    } catch (const std::exception&) {
      // Not (yet) in the template's form. At the end nothing may be lost: what was never reported is text.
      if (!partial && seen_.empty()) out->push_back(TextEvent(Event::Kind::kText, text_));
    }
  }

  void Report(const common_chat_msg_diff& diff, std::vector<Event>* out) {
    if (!diff.reasoning_content_delta.empty()) {
      Event e = TextEvent(Event::Kind::kReasoning, diff.reasoning_content_delta);
      e.dialect = chat::Dialect::kLocal;
      out->push_back(std::move(e));
    }
    if (!diff.content_delta.empty()) out->push_back(TextEvent(Event::Kind::kText, diff.content_delta));
    if (diff.tool_call_index == std::string::npos) return;
    const auto index = static_cast<std::int64_t>(diff.tool_call_index);
    const common_chat_tool_call& call = diff.tool_call_delta;
    if (!call.name.empty()) out->push_back(CallEvent(index, call.id, call.name));
    if (!call.arguments.empty())
      out->push_back(TextEvent(Event::Kind::kToolArguments, call.arguments, index));
  }

  CallIds ids_;
  common_chat_parser_params params_;
  std::string text_;
  common_chat_msg seen_;
  std::vector<std::string> call_ids_;
};

}  // namespace

std::unique_ptr<Answer> NewPlainAnswer() {
  return std::make_unique<PlainAnswer>();
}

std::unique_ptr<Answer> NewTaggedAnswer(CallIds ids) {
  return std::make_unique<TaggedAnswer>(std::move(ids));
}

std::unique_ptr<Answer> NewNativeAnswer(CallIds ids, const std::string& parser, int format,
                                        const std::string& generation_prompt) {
  return std::make_unique<NativeAnswer>(std::move(ids), parser, format, generation_prompt);
}

}  // namespace baton::lm
