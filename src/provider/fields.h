// Reading typed fields of a request and saying exactly which one is wrong.
//
// A `Place` is a path on the stack ("messages" <- 2 <- "content"); it becomes text only when something is
// wrong. Every reader takes null for absent, as OpenAI's API does, and leaves its target alone then.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/types.h"
#include "provider/json_reader.h"

namespace baton::provider {

struct Place {
  const Place* parent = nullptr;
  std::string_view key;     // a member, or
  std::int64_t index = -1;  // an element

  Place Member(std::string_view name) const { return {this, name, -1}; }
  Place Element(std::int64_t i) const { return {this, {}, i}; }
  // "messages[2].content"
  std::string Text() const;
};

// "Invalid type for 'temperature': expected a number, got a string."
Error WrongType(const Place& place, std::string_view expected, JsonView got);
Error Missing(const Place& place, std::string_view hint = {});
Error BadValue(const Place& place, std::string message, std::string reason = "invalid_value");

Status ReadBool(JsonView v, const Place& place, std::optional<bool>* out);
Status ReadNumber(JsonView v, const Place& place, double low, double high, std::optional<double>* out);
Status ReadInteger(JsonView v, const Place& place, std::int64_t low, std::int64_t high,
                   std::optional<std::int64_t>* out);
Status ReadString(JsonView v, const Place& place, std::string* out);
// The value must be one of the words; the text goes into `out` where given.
Status ReadWord(JsonView v, const Place& place, std::initializer_list<std::string_view> words,
                std::string* out);
Status ExpectObject(JsonView v, const Place& place);
Status ExpectArray(JsonView v, const Place& place);

// Refuses a second member of the same name: two parsers may pick different ones, and then what was checked is
// not what is sent. One bit per known field.
class Seen {
 public:
  // False when bit `i` (0..63) was set before.
  bool First(int i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const bool first = (bits_ & bit) == 0;
    bits_ |= bit;
    return first;
  }
  bool Has(int i) const { return (bits_ >> i) & 1; }

 private:
  std::uint64_t bits_ = 0;
};
Error Duplicate(const Place& place);

inline chat::Json RawOf(JsonView v) {
  return {std::string(v.raw())};
}
// Adds an unknown member.
inline void Keep(chat::Extra* extra, std::string_view key, JsonView v) {
  extra->emplace_back(std::string(key), RawOf(v));
}
// The value of `name` in an extra bag, or null.
const chat::Json* FindExtra(const chat::Extra& extra, std::string_view name);

}  // namespace baton::provider
