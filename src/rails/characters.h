// Inside rails/: single characters of UTF-8 and hexadecimal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rails/finding.h"

namespace baton::rails {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 0;  // bytes it takes; 0: no well-formed character
};

// The character at `at`, which may be the end.
inline CodePoint ReadUtf8(std::string_view t, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < t.size() ? static_cast<unsigned char>(t[at + i]) : 0u;
  };
  const unsigned first = byte(0);
  const std::size_t size = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (size == 0 || first >= 0xf8) return {};
  std::uint32_t value = first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  return {value, size};
}

// -1: no hexadecimal digit.
inline int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char l = LowerAscii(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

}  // namespace baton::rails
