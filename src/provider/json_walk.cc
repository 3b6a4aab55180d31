// The grammar of JSON over simdjson's token index: every value is checked, also those nobody asks for.
#include <cstring>

#include "provider/json_nodes.h"
#include "provider/json_unescape.h"

namespace baton::provider {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsNumber(const char* p, const char* end) {
  if (p < end && *p == '-') ++p;
  if (p == end || !IsDigit(*p)) return false;
  if (*p == '0') {
    ++p;
  } else {
    while (p < end && IsDigit(*p)) ++p;
  }
  if (p < end && *p == '.') {
    if (++p == end || !IsDigit(*p)) return false;
    while (p < end && IsDigit(*p)) ++p;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p < end && (*p == '+' || *p == '-')) ++p;
    if (p == end || !IsDigit(*p)) return false;
    while (p < end && IsDigit(*p)) ++p;
  }
  return p == end;
}

// Walks the token index and writes the nodes. One object per parse.
class Walk {
 public:
  Walk(const std::uint32_t* index, std::uint32_t n, JsonDoc::Surrogates s, JsonBuffers& b)
      : b_(b), text_(b.text.data()), index_(index), n_(n), surrogates_(s) {}

  bool Run() {
    return Value(0) && (i_ == n_ || Bad(index_[i_], "there is more text after the end of the value"));
  }
  const JsonMistake& mistake() const { return mistake_; }

 private:
  bool Bad(std::size_t where, const char* what, const char* reason = "invalid_json") {
    mistake_ = {what, where, reason};
    return false;
  }
  bool Ended() { return Bad(b_.text.size(), "the text ends in the middle of a value"); }

  std::uint32_t Open(JsonKind kind) {
    b_.nodes.push_back({index_[i_], 0, 0, 0, 0, kind, false});
    return static_cast<std::uint32_t>(b_.nodes.size() - 1);
  }
  void Close(std::uint32_t node, std::uint32_t end) {
    b_.nodes[node].end = end;
    b_.nodes[node].next = static_cast<std::uint32_t>(b_.nodes.size());
  }

  // End of the scalar token i_: what stands before the next token, without white space.
  std::uint32_t ScalarEnd() const {
    std::uint32_t end = i_ + 1 < n_ ? index_[i_ + 1] : static_cast<std::uint32_t>(b_.text.size());
    while (end > index_[i_] + 1 && IsSpace(text_[end - 1])) --end;
    return end;
  }

  bool String() {
    const std::uint32_t node = Open(JsonKind::kString);
    const std::uint32_t begin = index_[i_], end = ScalarEnd();
    if (end - begin < 2 || text_[end - 1] != '"') return Bad(begin, "a string is not closed");
    if (std::memchr(text_ + begin + 1, '\\', end - begin - 2)) {
      const std::size_t at = b_.arena.size();
      if (const char* bad = UnescapeJson(text_ + begin + 1, text_ + end - 1, surrogates_, &b_.arena)) {
        return Bad(static_cast<std::size_t>(bad - text_), "a string holds an escape that JSON does not have");
      }
      b_.nodes[node].escaped = true;
      b_.nodes[node].text = static_cast<std::uint32_t>(at);
      b_.nodes[node].text_size = static_cast<std::uint32_t>(b_.arena.size() - at);
    }
    Close(node, end);
    ++i_;
    return true;
  }

  bool Literal(JsonKind kind, std::string_view word) {
    const std::uint32_t node = Open(kind);
    const std::uint32_t end = ScalarEnd();
    if (b_.text.substr(index_[i_], end - index_[i_]) != word)
      return Bad(index_[i_], "there is a word that JSON does not have");
    Close(node, end);
    ++i_;
    return true;
  }

  bool Number() {
    const std::uint32_t node = Open(JsonKind::kNumber);
    const std::uint32_t end = ScalarEnd();
    if (!IsNumber(text_ + index_[i_], text_ + end))
      return Bad(index_[i_], "there is a number in a form that JSON does not have");
    Close(node, end);
    ++i_;
    return true;
  }

  bool Array(int depth) {
    const std::uint32_t node = Open(JsonKind::kArray);
    ++i_;
    if (i_ < n_ && text_[index_[i_]] == ']') return End(node);
    for (;;) {
      if (!Value(depth + 1)) return false;
      if (i_ >= n_) return Ended();
      const char c = text_[index_[i_]];
      if (c == ']') return End(node);
      if (c != ',') return Bad(index_[i_], "a comma or ']' is missing");
      ++i_;
    }
  }

  bool Object(int depth) {
    const std::uint32_t node = Open(JsonKind::kObject);
    ++i_;
    if (i_ < n_ && text_[index_[i_]] == '}') return End(node);
    for (;;) {
      if (i_ >= n_) return Ended();
      if (text_[index_[i_]] != '"') return Bad(index_[i_], "a member name in double quotes is missing");
      if (!String()) return false;
      if (i_ >= n_) return Ended();
      if (text_[index_[i_]] != ':') return Bad(index_[i_], "a colon is missing");
      ++i_;
      if (!Value(depth + 1)) return false;
      if (i_ >= n_) return Ended();
      const char c = text_[index_[i_]];
      if (c == '}') return End(node);
      if (c != ',') return Bad(index_[i_], "a comma or '}' is missing");
      ++i_;
    }
  }

  bool End(std::uint32_t node) {
    Close(node, index_[i_] + 1);
    ++i_;
    return true;
  }

  bool Value(int depth) {
    if (i_ >= n_) return Ended();
    if (depth > JsonDoc::kMaxDepth) return Bad(index_[i_], "it is nested too deeply", "json_too_deep");
    if (b_.nodes.size() >= JsonDoc::kMaxNodes)
      return Bad(index_[i_], "it has too many values", "json_too_large");
    switch (text_[index_[i_]]) {
      case '"':
        return String();
      case '{':
        return Object(depth);
      case '[':
        return Array(depth);
      case 't':
        return Literal(JsonKind::kBool, "true");
      case 'f':
        return Literal(JsonKind::kBool, "false");
      case 'n':
        return Literal(JsonKind::kNull, "null");
      default:
        return Number();
    }
  }

  JsonBuffers& b_;
  const char* text_;
  const std::uint32_t* index_;
  std::uint32_t n_;
  JsonDoc::Surrogates surrogates_;
  std::uint32_t i_ = 0;
  JsonMistake mistake_{};
};

}  // namespace

std::optional<JsonMistake> WalkJson(const std::uint32_t* tokens, std::uint32_t count,
                                    JsonDoc::Surrogates surrogates, JsonBuffers* b) {
  Walk walk(tokens, count, surrogates, *b);
  if (walk.Run()) return {};
  return walk.mistake();
}

}  // namespace baton::provider
