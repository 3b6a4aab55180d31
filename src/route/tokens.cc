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
// prose);
// - a sign of punctuation costs one token, a repetition of it a quarter;
// - line breaks and indentation a part of one each;
// - letters outside ASCII: by the length of their UTF-8 form, because old vocabularies split them.

#include "route/tokens.h"

#include <array>

namespace baton::route {
namespace {

enum Kind : unsigned char {
  kLetter,
  kUpper,
  kDigit,
  kSpace,
  kNewline,
  kSign,
  kContinuation,
  kLead2,
  kLead3,
  kLead4
};

constexpr std::array<unsigned char, 256> MakeKinds() {
  std::array<unsigned char, 256> k{};
  for (std::size_t c = 0; c < 256; ++c) {
    if (c >= 'a' && c <= 'z')
      k[c] = kLetter;
    else if (c >= 'A' && c <= 'Z')
      k[c] = kUpper;
    else if (c >= '0' && c <= '9')
      k[c] = kDigit;
    else if (c == ' ' || c == '\t')
      k[c] = kSpace;
    else if (c == '\n' || c == '\r')
      k[c] = kNewline;
    else if (c < 0x80)
      k[c] = kSign;
    else if (c < 0xc0)
      k[c] = kContinuation;
    else if (c < 0xe0)
      k[c] = kLead2;
    else if (c < 0xf0)
      k[c] = kLead3;
    else
      k[c] = kLead4;
  }
  return k;
}
constexpr auto kKinds = MakeKinds();

constexpr int kOne = 64;  // a token

}  // namespace

std::int64_t EstimateTokens(std::string_view text) {
  std::int64_t cost = 0;
  int run = 0;  // bytes since the present word, number or space began
  unsigned char before = kSpace;
  char sign = 0;
  for (char c : text) {
    unsigned char kind = kKinds[static_cast<unsigned char>(c)];
    switch (kind) {
      case kLetter:
        run = before == kLetter || before == kUpper ? run + 1 : 1;
        cost += run == 1 ? kOne + 2 : run > 5 ? 18 : 0;
        break;
      case kUpper:  // every capital inside a word may begin a token of its own
        run = before == kUpper ? run + 1 : 1;
        cost += run == 1 ? kOne + 2 : 26;
        break;
      case kDigit:
        run = before == kDigit ? run + 1 : 1;
        cost += run % 3 == 1 ? kOne : 8;
        break;
      case kSpace:
        run = before == kSpace ? run + 1 : 1;
        cost += run == 2 ? 24 : run > 2 ? 5 : 0;
        break;
      case kNewline:
        cost += before == kNewline ? 16 : 44;
        break;
      case kSign:
        cost += before == kSign && c == sign ? 16 : before == kSign ? 48 : kOne - 6;
        break;
      case kLead2:
        cost += before == kLetter || before == kContinuation ? 44 : 52;
        break;
      case kLead3:
        cost += kOne + 12;
        break;
      case kLead4:
        cost += 3 * kOne;
        break;
      default:
        break;
    }
    sign = c;
    before = kind;
  }
  return (cost + kOne - 1) / kOne;
}

}  // namespace baton::route
