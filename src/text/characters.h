// Inside text/: characters of a UTF-8 text, each with what BERT makes of it.
#pragma once

#include <array>
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

// The same for ASCII, where one byte becomes one byte.
struct Ascii {
  CharKind kind = CharKind::kKeep;
  char byte = 0;
};
inline constexpr std::array<Ascii, 128> kAscii = [] {
  std::array<Ascii, 128> table;
  for (int c = 0; c < 128; ++c) {
    Ascii& a = table[static_cast<std::size_t>(c)];
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    const bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    a.kind = space                ? CharKind::kSpace
             : c < 32 || c == 127 ? CharKind::kDrop
             : word               ? CharKind::kKeep
                                  : CharKind::kAlone;
    a.byte = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return table;
}();

// The character at `text[*at]`, which moves behind it. Bytes that are no UTF-8 count as one
// dropped character each. REQUIRES: *at < text.size().
Normal NormalAt(std::string_view text, std::size_t* at);

}  // namespace baton::text
