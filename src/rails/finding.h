// Inside rails/: what the finders share. A finder looks at one place of one text and adds what it can prove
// there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace baton::rails {

enum class Sensitivity : std::uint8_t { kInternal, kPersonal, kSecret };

struct Finding {
  const char* type;  // static
  Sensitivity level;
  std::size_t begin, end;
};
using Findings = std::vector<Finding>;

// Bytes above 0x7f count as letters: every UTF-8 letter outside ASCII is made of them, and so are quotes and
// dashes, which the callers accept as the price of not decoding.
inline bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
inline bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
inline bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
inline bool IsHigh(char c) {
  return (static_cast<unsigned char>(c) & 0x80) != 0;
}
inline bool IsLetter(char c) {
  return IsLower(c) || IsUpper(c) || IsHigh(c);
}
inline bool IsAlnum(char c) {
  return IsLetter(c) || IsDigit(c);
}
inline bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
inline char LowerAscii(char c) {
  return IsUpper(c) ? static_cast<char>(c + 32) : c;
}

// No letter, digit or underscore touches the place from the left / right.
inline bool BoundaryBefore(std::string_view t, std::size_t at) {
  return at == 0 || (!IsAlnum(t[at - 1]) && t[at - 1] != '_');
}
inline bool BoundaryAfter(std::string_view t, std::size_t at) {
  return at >= t.size() || (!IsAlnum(t[at]) && t[at] != '_');
}

// True when one of `words` (lower case, separated by '|') stands in [from, to). ASCII case-insensitive; looks
// at 96 bytes at most.
bool HasWord(std::string_view text, std::size_t from, std::size_t to, std::string_view words);
// The same in the `back` bytes before `at`.
inline bool HasWordBefore(std::string_view text, std::size_t at, std::size_t back, std::string_view words) {
  return HasWord(text, at > back ? at - back : 0, at, words);
}

// numbers.cc: everything made of digits. `at` is the first digit of a group; returns where to look on (> at).
std::size_t FindNumber(std::string_view text, std::size_t at, Findings* out);
// addresses.cc: `at` is an '@' / a ':'. Return where to look on.
std::size_t FindEmail(std::string_view text, std::size_t at, Findings* out);
std::size_t FindIpv6(std::string_view text, std::size_t at, Findings* out);

// The words Vectorscan looks for, and what to do where one ends (words.cc, secrets.cc). `begin` and `end` are
// the word's own place; the finder checks the boundaries it cares for.
struct Anchor {
  std::string_view word;  // lower case
  void (*find)(std::string_view text, std::size_t begin, std::size_t end, Findings* out);
};
void AppendWordAnchors(std::vector<Anchor>* out);
void AppendSecretAnchors(std::vector<Anchor>* out);

}  // namespace baton::rails
