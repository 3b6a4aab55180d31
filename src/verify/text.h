// Small readings of text that several verifiers share. All are pure and linear in the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace baton::verify {

inline bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
inline bool IsAlpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
inline bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
// Part of a word: letters, digits, '_' and every byte of a non-ASCII character.
inline bool IsWordByte(char c) {
  return IsDigit(c) || IsAlpha(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
std::string_view Trim(std::string_view s);
std::string Lower(std::string_view s);  // ASCII only; other bytes unchanged
bool EqualIgnoringCase(std::string_view a, std::string_view b);
// Position of the last / next `needle` (given in lower case) in `s`, ASCII case aside; npos when there is
// none.
std::size_t FindLastIgnoringCase(std::string_view s, std::string_view needle);
std::size_t FindIgnoringCase(std::string_view s, std::string_view needle, std::size_t from = 0);
std::vector<std::string_view> Lines(std::string_view s);
std::vector<std::string_view> Words(std::string_view s);  // split at white space
// Not longer than `max` bytes, never ending inside a UTF-8 character.
std::string_view Clip(std::string_view s, std::size_t max);

// Case, white space, punctuation and English articles aside. Signs and points inside numbers, and characters
// that make another word of a word (C++, C#, 5%, $5), stay.
std::string Normalise(std::string_view s);

// What two final answers are compared by: normalised text; for a list, tuple or object, whose brackets and
// case mean something, the text without white space and with one kind of quotes; never empty for a text that
// is not.
std::string AnswerKey(std::string_view s);

struct Fence {
  std::string language;   // the first word after ```, in lower case; may be empty
  std::string_view body;  // without the fences
};
// Blocks between ``` or ~~~ fences; an unclosed last one runs to the end. At most 64.
std::vector<Fence> Fences(std::string_view s);

}  // namespace baton::verify
