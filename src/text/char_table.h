// Inside text/: what BERT's normaliser and word splitter do with a character beyond ASCII. Made by
// tools/make_char_table.py from the reference implementation; Hangul syllables, which follow by arithmetic,
// are not in it.
#pragma once

#include <cstdint>
#include <span>

namespace baton::text {

enum class CharKind : std::uint8_t {
  kKeep,   // part of a word
  kDrop,   // accents, control characters
  kSpace,  // ends a word
  kAlone,  // a word of its own: punctuation, Chinese characters
};

struct CharRange {
  char32_t first, last;
  CharKind kind;
};
// Replaced by the character `offset` away: every `step`th from first to last.
struct CharRun {
  char32_t first, last;
  std::int32_t step, offset;
};
// Replaced by these, up to a zero.
struct CharText {
  char32_t code;
  char32_t text[4];
};

// Each in ascending order; a character is in at most one run or text.
std::span<const CharRange> CharRanges();
std::span<const CharRun> CharRuns();
std::span<const CharText> CharTexts();

}  // namespace baton::text
