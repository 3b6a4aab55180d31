// Token counts without a tokenizer.
//
// Every worker has its own vocabulary, and running one costs ten times what this does. What the estimate is
// for: reserving money for the worst case, and telling requests that cannot fit a context window. Both want a
// figure that is rarely too low and never much. So each byte adds a cost by what it is and what stood before
// it, in 1/64 tokens, chosen so that prose lands a little above what common vocabularies (100,000 to 200,000
// entries) need:
//
// - a word costs one token, and another share for every letter beyond the fifth;
// - figures come in threes (some vocabularies take one token per figure: those stay within the margin in
// prose), so each after the first costs a good third of one;
// - a sign of punctuation costs one token, a repetition of it a quarter;
// - line breaks and indentation a part of one each;
// - letters outside ASCII: by the length of their UTF-8 form, because old vocabularies split them.

#include "route/tokens.h"

#include <algorithm>
#include <cstring>

namespace baton::route {
namespace {

// A byte's cost depends on what the five bytes before it were, never on a state that a loop would have to
// carry along: so the compiler can do sixteen bytes at a time (0.3 ns per byte; a table-driven automaton took
// 3).
constexpr std::size_t kBlock = 1024, kBefore = 8;

// Letters, capitals and figures as flags, one byte each, for a block and the bytes before it.
struct Flags {
  unsigned char byte[kBefore + kBlock], letter[kBefore + kBlock];
};

using Byte = unsigned char;
constexpr Byte In(Byte c, Byte low, Byte high) {
  return static_cast<Byte>(static_cast<Byte>(c - low) <= static_cast<Byte>(high - low));
}
constexpr Byte All(Byte flag) {  // 1 -> 0xff, 0 -> 0
  return static_cast<Byte>(-flag);
}

constexpr int kOne = 64;  // a token; every cost below fits a byte

Byte CostAt(const Flags& f, std::size_t i) {
  const Byte c = f.byte[i], b = f.byte[i - 1];
  const Byte lower = In(c, 'a', 'z'), upper = In(c, 'A', 'Z'), digit = In(c, '0', '9');
  const Byte space = static_cast<Byte>((c == ' ') | (c == '\t')),
             line = static_cast<Byte>((c == '\n') | (c == '\r'));
  const Byte high = static_cast<Byte>(c >> 7);
  const Byte sign = static_cast<Byte>(1 ^ (lower | upper | digit | space | line | high));
  const Byte b_upper = In(b, 'A', 'Z'), b_digit = In(b, '0', '9');
  const Byte b_space = static_cast<Byte>((b == ' ') | (b == '\t')),
             b_line = static_cast<Byte>((b == '\n') | (b == '\r'));
  const Byte b_sign = static_cast<Byte>(1 ^ (f.letter[i - 1] | b_digit | b_space | b_line | (b >> 7)));
  const Byte b2_space = static_cast<Byte>((f.byte[i - 2] == ' ') | (f.byte[i - 2] == '\t'));
  const Byte long_word = static_cast<Byte>(f.letter[i - 1] & f.letter[i - 2] & f.letter[i - 3] &
                                           f.letter[i - 4] & f.letter[i - 5]);

  const Byte word = f.letter[i - 1] ? static_cast<Byte>(All(long_word) & 18) : Byte{kOne + 2};
  const Byte capital = b_upper ? Byte{26} : Byte{kOne + 2};
  const Byte figure =
      b_digit ? Byte{27} : Byte{kOne};  // a figure alone costs a token, three in a row nearly two
  const Byte gap = b_space ? (b2_space ? Byte{5} : Byte{24}) : Byte{0};
  const Byte end = b_line ? Byte{16} : Byte{44};
  const Byte mark = b_sign ? (b == c ? Byte{16} : Byte{48}) : Byte{kOne - 6};
  const Byte foreign = c >= 0xf0   ? Byte{3 * kOne}
                       : c >= 0xe0 ? Byte{kOne + 12}
                       : c >= 0xc0 ? Byte{48}
                                   : Byte{0};
  return static_cast<Byte>((All(lower) & word) | (All(upper) & capital) | (All(digit) & figure) |
                           (All(space) & gap) | (All(line) & end) | (All(sign) & mark) |
                           (All(high) & foreign));
}

std::int64_t CostOfBlock(Flags& f, std::size_t n) {
  for (std::size_t i = 0; i < kBefore + n; ++i) {
    f.letter[i] = static_cast<Byte>(In(f.byte[i], 'a', 'z') | In(f.byte[i], 'A', 'Z'));
  }
  Byte cost[kBlock];
  for (std::size_t i = 0; i < n; ++i) cost[i] = CostAt(f, kBefore + i);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += cost[i];
  return sum;
}

}  // namespace

std::int64_t EstimateTokens(std::string_view text) {
  if (text.empty()) return 0;
  Flags f;
  std::memset(f.byte, ' ', kBefore);
  f.byte[kBefore - 1] = 0;  // before the text stands nothing: no space, letter or figure
  std::int64_t cost = 0;
  for (std::size_t at = 0; at < text.size(); at += kBlock) {
    const std::size_t n = std::min(kBlock, text.size() - at);
    std::memcpy(f.byte + kBefore, text.data() + at, n);
    cost += CostOfBlock(f, n);
    std::memmove(f.byte, f.byte + n, kBefore);
  }
  return (cost + kOne - 1) / kOne;
}

}  // namespace baton::route
