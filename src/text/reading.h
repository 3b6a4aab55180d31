// What one look at a message's text finds: words that hint at a task, a domain or a language, and the form it
// is written in. Rules, learned policies and offline training all start from the same Reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "text/lexicon.h"
#include "text/signs.h"

namespace baton::text {

// Of a text at most so many bytes are looked at: its first kHead and its last kTail.
inline constexpr std::size_t kHead = 4096, kTail = 2048;

// Calls `use` with the parts of `text` that are looked at. A cut may fall inside a character.
template <class Use>
void ForPartsOf(std::string_view text, Use use) {
  if (text.size() <= kHead + kTail) return use(text);
  use(text.substr(0, kHead));
  use(text.substr(text.size() - kTail));
}

struct Reading {
  Scores words;
  Signs signs;
  std::string_view script;  // language by script, or empty
  std::int64_t bytes = 0;   // of the whole text
};

// Adds one text of the message. About 5 ns per byte.
void Read(std::string_view text, Reading* reading);

}  // namespace baton::text
