// Reading JSON: a parsed document as a flat list of nodes over the text it was parsed from.
//
// Why not simdjson's own DOM: codecs need the exact bytes of nested values (tool schemas, arguments, unknown
// fields), members in any order, the position of "model" for the pass-through splice, and the place of a
// mistake for the message. So simdjson does what it is unbeaten at - finding the tokens and validating UTF-8,
// without reading past the end of the text - and the walk over its token index is ours: it checks the whole
// grammar, also of parts nobody asks for, and writes one 24-byte node per value. Strings without escapes are
// views into the text.
//
// Documents are pooled per thread (their buffers are reused); a JsonDoc must die on the thread that parsed
// it.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::provider {

struct JsonBuffers;  // nodes and scratch of one document

enum class JsonKind : std::uint8_t { kMissing, kNull, kBool, kNumber, kString, kArray, kObject };

// "an object", "a string", ... for messages.
std::string_view JsonKindName(JsonKind kind);

// A handle to one value; 16 bytes, copied freely. Valid as long as the JsonDoc and the parsed text live.
class JsonView {
 public:
  JsonView() = default;
  JsonKind kind() const;
  bool missing() const { return buffers_ == nullptr; }
  bool is_null() const { return kind() == JsonKind::kNull; }
  bool is_string() const { return kind() == JsonKind::kString; }
  bool is_object() const { return kind() == JsonKind::kObject; }
  bool is_array() const { return kind() == JsonKind::kArray; }
  bool is_number() const { return kind() == JsonKind::kNumber; }
  bool is_bool() const { return kind() == JsonKind::kBool; }

  // The exact bytes of the value, without surrounding white space. Empty when missing.
  std::string_view raw() const;
  // Where raw() stands in the parsed text.
  std::size_t offset() const;
  // The unescaped string; empty when this is not a string.
  std::string_view str() const;
  // true only for the literal true.
  bool truth() const;
  // A number without fraction that fits (also written 1e3 or 5.0); nothing otherwise.
  std::optional<std::int64_t> integer() const;
  // The nearest double; nothing when this is no number or does not fit a finite double.
  std::optional<double> number() const;
  // Number of elements or members (walks them); 0 for scalars.
  std::size_t size() const;
  bool empty() const;
  // The last member of that name; missing when there is none or this is no object.
  JsonView operator[](std::string_view key) const;

  struct Member;
  class Iterator;
  // Members of an object (anything else: none).
  struct Members;
  Members members() const;
  // Elements of an array (anything else: none).
  struct Items;
  Items items() const;

 private:
  friend class JsonDoc;
  JsonView(const JsonBuffers* buffers, std::uint32_t node) : buffers_(buffers), node_(node) {}
  JsonView Next() const;
  std::uint32_t Begin() const;
  std::uint32_t End() const;

  const JsonBuffers* buffers_ = nullptr;
  std::uint32_t node_ = 0;
};

struct JsonView::Member {
  std::string_view key;
  JsonView value;
};

class JsonDoc {
 public:
  // Numbers of a document are bounded so that a body of brackets cannot take memory without limit.
  static constexpr int kMaxDepth = 128;
  static constexpr std::size_t kMaxNodes = 16 * 1024 * 1024;

  enum class Surrogates {
    kRefuse,   // a lone \ud800 is a mistake of the sender
    kReplace,  // becomes U+FFFD: providers cut streams in the middle of a pair
  };

  // The text is not copied and must outlive the document. On error the message says what is wrong and where
  // (line and column), code kInvalidRequest, reason "invalid_json" ("json_too_deep", "json_too_large").
  static Result<JsonDoc> Parse(std::string_view text, Surrogates surrogates = Surrogates::kRefuse);
  template <class T>
    requires std::same_as<T, std::string>
  static Result<JsonDoc> Parse(T&& temporary, Surrogates surrogates = Surrogates::kRefuse) = delete;

  JsonDoc(JsonDoc&& other) noexcept;
  JsonDoc& operator=(JsonDoc&& other) noexcept;
  ~JsonDoc();
  JsonView root() const { return {buffers_.get(), 0}; }

 private:
  explicit JsonDoc(std::unique_ptr<JsonBuffers> buffers);
  std::unique_ptr<JsonBuffers> buffers_;
};

// True when `text` is one well-formed JSON object and nothing else.
bool IsJsonObject(std::string_view text);
bool IsJson(std::string_view text);
// True when `text` between quotes is a JSON string that means itself: valid UTF-8 without quotes, backslashes
// and control characters.
bool IsPlainText(std::string_view text);

class JsonView::Iterator {
 public:
  Iterator(JsonView at, bool object) : at_(at), object_(object) {}
  bool operator!=(const Iterator& o) const { return at_.node_ != o.at_.node_; }
  Iterator& operator++();
  JsonView at() const { return at_; }

 protected:
  JsonView at_;
  bool object_;
};

struct JsonView::Members {
  struct It : Iterator {
    using Iterator::Iterator;
    Member operator*() const;
    It& operator++() {
      Iterator::operator++();
      return *this;
    }
  };
  It first, last;
  It begin() const { return first; }
  It end() const { return last; }
};

struct JsonView::Items {
  struct It : Iterator {
    using Iterator::Iterator;
    JsonView operator*() const { return at_; }
    It& operator++() {
      Iterator::operator++();
      return *this;
    }
  };
  It first, last;
  It begin() const { return first; }
  It end() const { return last; }
};

}  // namespace baton::provider
