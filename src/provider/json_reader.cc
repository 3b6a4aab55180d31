#include "provider/json_reader.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

namespace baton::provider {
namespace {

struct Node {
  std::uint32_t begin, end;  // raw bytes in the text
  std::uint32_t next;        // node after this value's subtree
  std::uint32_t text;        // string with escapes: its unescaped form in the arena
  std::uint32_t text_size;
  JsonKind kind;
  bool escaped;
};

constexpr std::size_t kKeepBytes = 1 << 20;  // buffers above this are given back after use

}  // namespace

struct JsonBuffers {
  std::string_view text;
  std::vector<Node> nodes;
  std::string arena;
  std::unique_ptr<simdjson::internal::dom_parser_implementation> index;
};

namespace {

struct Pool {
  std::vector<std::unique_ptr<JsonBuffers>> free;
};
Pool& ThreadPool() {
  thread_local Pool pool;
  return pool;
}

std::unique_ptr<JsonBuffers> Borrow() {
  auto& free = ThreadPool().free;
  if (free.empty()) return std::make_unique<JsonBuffers>();
  auto buffers = std::move(free.back());
  free.pop_back();
  return buffers;
}

void GiveBack(std::unique_ptr<JsonBuffers> buffers) {
  if (!buffers || buffers->nodes.capacity() * sizeof(Node) > kKeepBytes ||
      buffers->arena.capacity() > kKeepBytes || (buffers->index && buffers->index->capacity() > kKeepBytes)) {
    return;
  }
  auto& free = ThreadPool().free;
  if (free.size() < 8) free.push_back(std::move(buffers));
}

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

int Hex(const char* p) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    int digit;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      return -1;
    }
    value = value * 16 + digit;
  }
  return value;
}

void AppendUtf8(std::uint32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (c >> 6)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (c >> 12)));
    out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | (c >> 18)));
    out->push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

// Reads \uXXXX at `p` (on the 'u'), a pair where it is one. Returns the position after it, or null.
const char* UnescapeUnicode(const char* p, const char* end, JsonDoc::Surrogates surrogates,
                            std::string* out) {
  if (end - p < 5) return nullptr;
  const int high = Hex(p + 1);
  if (high < 0) return nullptr;
  p += 5;
  if (high < 0xD800 || high > 0xDFFF) {
    AppendUtf8(static_cast<std::uint32_t>(high), out);
    return p;
  }
  if (high < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
    const int low = Hex(p + 2);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      AppendUtf8(0x10000u + ((static_cast<std::uint32_t>(high) - 0xD800u) << 10) +
                     (static_cast<std::uint32_t>(low) - 0xDC00u),
                 out);
      return p + 6;
    }
  }
  if (surrogates == JsonDoc::Surrogates::kRefuse) return nullptr;
  AppendUtf8(0xFFFD, out);
  return p;
}

// Appends the unescaped form of the bytes between the quotes. Returns null, or the place of the bad escape.
const char* Unescape(const char* p, const char* end, JsonDoc::Surrogates surrogates, std::string* out) {
  while (p < end) {
    const auto* slash = static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
    if (!slash) {
      out->append(p, end);
      return nullptr;
    }
    out->append(p, slash);
    p = slash + 1;
    if (p == end) return slash;
    switch (*p) {
      case '"':
        out->push_back('"');
        break;
      case '\\':
        out->push_back('\\');
        break;
      case '/':
        out->push_back('/');
        break;
      case 'b':
        out->push_back('\b');
        break;
      case 'f':
        out->push_back('\f');
        break;
      case 'n':
        out->push_back('\n');
        break;
      case 'r':
        out->push_back('\r');
        break;
      case 't':
        out->push_back('\t');
        break;
      case 'u':
        p = UnescapeUnicode(p, end, surrogates, out);
        if (!p) return slash;
        continue;
      default:
        return slash;
    }
    ++p;
  }
  return nullptr;
}

// Walks the token index and writes the nodes. One object per parse.
class Walk {
 public:
  Walk(JsonBuffers& b, JsonDoc::Surrogates s)
      : b_(b),
        text_(b.text.data()),
        index_(b.index->structural_indexes.get()),
        n_(b.index->n_structural_indexes),
        surrogates_(s) {}

  bool Run() {
    return Value(0) && (i_ == n_ || Bad(index_[i_], "there is more text after the end of the value"));
  }
  const char* what() const { return what_; }
  std::size_t where() const { return where_; }
  bool too_deep() const { return too_deep_; }
  bool too_many() const { return too_many_; }

 private:
  bool Bad(std::size_t where, const char* what) {
    where_ = where;
    what_ = what;
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
      if (const char* bad = Unescape(text_ + begin + 1, text_ + end - 1, surrogates_, &b_.arena)) {
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
    if (depth > JsonDoc::kMaxDepth) {
      too_deep_ = true;
      return Bad(index_[i_], "it is nested too deeply");
    }
    if (b_.nodes.size() >= JsonDoc::kMaxNodes) {
      too_many_ = true;
      return Bad(index_[i_], "it has too many values");
    }
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
  const char* what_ = "";
  std::size_t where_ = 0;
  bool too_deep_ = false, too_many_ = false;
};

std::string Place(std::string_view text, std::size_t where) {
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i < where && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

Error Invalid(std::string message, const char* reason = "invalid_json") {
  return Fail(Code::kInvalidRequest, std::move(message), reason);
}

Error IndexError(simdjson::error_code code) {
  switch (code) {
    case simdjson::EMPTY:
      return Invalid("The JSON text is empty.");
    case simdjson::UTF8_ERROR:
      return Invalid("The JSON text is not valid UTF-8.");
    case simdjson::UNCLOSED_STRING:
      return Invalid("The JSON text ends inside a string.");
    case simdjson::UNESCAPED_CHARS:
      return Invalid(
          "A string in the JSON text holds a control character; write it as an escape such as \\n.");
    case simdjson::CAPACITY:
      return Invalid("The JSON text is too large.", "json_too_large");
    default:
      return Invalid("The text is not JSON.");
  }
}

Status Index(JsonBuffers& b, std::string_view text) {
  if (text.size() >= std::numeric_limits<std::uint32_t>::max() / 2) return IndexError(simdjson::CAPACITY);
  simdjson::error_code error = simdjson::SUCCESS;
  if (!b.index) {
    error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        std::max<std::size_t>(text.size(), 4096), JsonDoc::kMaxDepth, b.index);
  } else if (b.index->capacity() < text.size()) {
    error = b.index->allocate(text.size() + text.size() / 2, JsonDoc::kMaxDepth);
  }
  if (error) return IndexError(error);
  error = b.index->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                          simdjson::stage1_mode::regular);
  if (error) return IndexError(error);
  return {};
}

}  // namespace

std::string_view JsonKindName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kMissing:
      return "nothing";
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return "a boolean";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
  }
  return "nothing";
}

Result<JsonDoc> JsonDoc::Parse(std::string_view text, Surrogates surrogates) {
  auto buffers = Borrow();
  buffers->text = text;
  buffers->nodes.clear();
  buffers->arena.clear();
  if (auto indexed = Index(*buffers, text); !indexed) {
    GiveBack(std::move(buffers));
    return std::move(indexed).error();
  }
  Walk walk(*buffers, surrogates);
  const bool ok = walk.Run();
  JsonDoc doc(std::move(buffers));
  if (ok) return doc;
  return Invalid("The JSON text is not well formed: " + std::string(walk.what()) + " (" +
                     Place(text, walk.where()) + ").",
                 walk.too_deep()   ? "json_too_deep"
                 : walk.too_many() ? "json_too_large"
                                   : "invalid_json");
}

JsonDoc::JsonDoc(std::unique_ptr<JsonBuffers> buffers) : buffers_(std::move(buffers)) {}
JsonDoc::JsonDoc(JsonDoc&& other) noexcept = default;
JsonDoc& JsonDoc::operator=(JsonDoc&& other) noexcept {
  std::swap(buffers_, other.buffers_);
  return *this;
}
JsonDoc::~JsonDoc() {
  GiveBack(std::move(buffers_));
}

bool IsJson(std::string_view text) {
  return JsonDoc::Parse(text, JsonDoc::Surrogates::kReplace).has_value();
}

bool IsJsonObject(std::string_view text) {
  const auto doc = JsonDoc::Parse(text, JsonDoc::Surrogates::kReplace);
  return doc && doc->root().is_object();
}

JsonKind JsonView::kind() const {
  return buffers_ ? buffers_->nodes[node_].kind : JsonKind::kMissing;
}
std::uint32_t JsonView::Begin() const {
  return buffers_->nodes[node_].begin;
}
std::uint32_t JsonView::End() const {
  return buffers_->nodes[node_].end;
}
std::size_t JsonView::offset() const {
  return buffers_ ? Begin() : 0;
}

std::string_view JsonView::raw() const {
  if (!buffers_) return {};
  return buffers_->text.substr(Begin(), End() - Begin());
}

std::string_view JsonView::str() const {
  if (kind() != JsonKind::kString) return {};
  const Node& n = buffers_->nodes[node_];
  if (n.escaped) return std::string_view(buffers_->arena).substr(n.text, n.text_size);
  return buffers_->text.substr(n.begin + 1, n.end - n.begin - 2);
}

bool JsonView::truth() const {
  return kind() == JsonKind::kBool && buffers_->text[Begin()] == 't';
}

std::optional<double> JsonView::number() const {
  if (kind() != JsonKind::kNumber) return {};
  double value = 0;
  const std::string_view r = raw();
  const auto got = std::from_chars(r.data(), r.data() + r.size(), value);
  // Out of range leaves `value` alone and does not say which side: strtod does (zero, or infinity).
  if (got.ec == std::errc::result_out_of_range) value = std::strtod(std::string(r).c_str(), nullptr);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> JsonView::integer() const {
  if (kind() != JsonKind::kNumber) return {};
  const std::string_view r = raw();
  std::int64_t value = 0;
  const auto got = std::from_chars(r.data(), r.data() + r.size(), value);
  if (got.ec == std::errc() && got.ptr == r.data() + r.size()) return value;
  const auto d = number();
  if (!d || *d != std::floor(*d) || std::abs(*d) > 9007199254740992.0) return {};
  return static_cast<std::int64_t>(*d);
}

JsonView JsonView::Next() const {
  return {buffers_, buffers_->nodes[node_].next};
}

JsonView::Iterator& JsonView::Iterator::operator++() {
  if (object_) ++at_.node_;  // the name is one node, then the value
  at_ = at_.Next();
  return *this;
}

JsonView::Member JsonView::Members::It::operator*() const {
  JsonView key = at_;
  return {key.str(), key.Next()};
}

JsonView::Members JsonView::members() const {
  if (!is_object()) return {{{}, true}, {{}, true}};
  return {{JsonView(buffers_, node_ + 1), true}, {Next(), true}};
}

JsonView::Items JsonView::items() const {
  if (!is_array()) return {{{}, false}, {{}, false}};
  return {{JsonView(buffers_, node_ + 1), false}, {Next(), false}};
}

std::size_t JsonView::size() const {
  std::size_t n = 0;
  if (is_object()) {
    for (auto it = members().begin(); it != members().end(); ++it) ++n;
  } else {
    for (auto it = items().begin(); it != items().end(); ++it) ++n;
  }
  return n;
}

bool JsonView::empty() const {
  return !buffers_ || buffers_->nodes[node_].next == node_ + 1;
}

JsonView JsonView::operator[](std::string_view key) const {
  JsonView found;
  for (const auto m : members()) {
    if (m.key == key) found = m.value;
  }
  return found;
}

}  // namespace baton::provider
