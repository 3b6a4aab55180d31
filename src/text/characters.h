// Inside text/: characters of a UTF-8 text, each with what BERT makes of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "text/char_table.h"

namespace baton::text {

// What one character becomes: up to four characters in UTF-8 (nothing for kDrop and kSpace).
struct Normal {
  CharKind kind = CharKind::kKeep;
  std::uint8_t size = 0;
  char bytes[12] = {};
};

// The character at `text[*at]`, which moves behind it. Bytes that are no UTF-8 count as one dropped character
// each. REQUIRES: *at < text.size().
const Normal& NormalAt(std::string_view text, std::size_t* at, Normal* scratch);

}  // namespace baton::text
