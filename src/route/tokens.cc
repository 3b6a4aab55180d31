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
  kLead4,
  kKinds
};

// Where the walk stands: how long the present word, number or gap is, as far as it matters.
enum State : unsigned char {
  kL1,
  kL2,
  kL3,
  kL4,
  kL5,
  kLong,
  kU1,
  kU2,
  kD1,
  kD2,
  kD3,
  kS1,
  kS2,
  kS3,
  kLine,
  kPunct,
  kWide2,
  kWide3,
  kStates
};

constexpr std::array<unsigned char, 256> MakeKinds() {
  std::array<unsigned char, 256> k{};
  for (std::size_t c = 0; c < 256; ++c) {
    bool small = c >= 'a' && c <= 'z', large = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
    bool space = c == ' ' || c == '\t', line = c == '\n' || c == '\r';
    k[c] = small ? kLetter : large ? kUpper : digit ? kDigit : space ? kSpace : line ? kNewline : kSign;
    if (c >= 0x80) k[c] = c < 0xc0 ? kContinuation : c < 0xe0 ? kLead2 : c < 0xf0 ? kLead3 : kLead4;
  }
  return k;
}
constexpr auto kKindOf = MakeKinds();

constexpr int kOne = 64;  // a token

struct Move {
  unsigned char next, cost;
};

constexpr Move After(int state, int kind) {
  bool word = state <= kLong, capitals = state == kU1 || state == kU2, figure = state >= kD1 && state <= kD3;
  bool gap = state >= kS1 && state <= kS3;
  switch (kind) {
    case kLetter:
      if (word)
        return {static_cast<unsigned char>(state == kLong ? kLong : state + 1),
                static_cast<unsigned char>(state >= kL5 ? 18 : 0)};
      if (capitals) return {static_cast<unsigned char>(state == kU1 ? kL2 : kL3), 0};
      if (state == kWide2) return {kL4, 12};  // the word goes on behind its accent
      return {kL1, kOne + 2};
    case kUpper:  // every capital inside a word may begin a token of its own
      return capitals ? Move{kU2, 26} : Move{kU1, kOne + 2};
    case kDigit:
      if (figure && state != kD3) return {static_cast<unsigned char>(state + 1), 8};
      return {kD1, kOne};
    case kSpace:
      if (!gap) return {kS1, 0};
      return state == kS1 ? Move{kS2, 24} : Move{kS3, 5};
    case kNewline:
      return {kLine, static_cast<unsigned char>(state == kLine ? 16 : 44)};
    case kSign:
      return {kPunct, static_cast<unsigned char>(state == kPunct ? 48 : kOne - 6)};
    case kLead2:
      return {kWide2, static_cast<unsigned char>(word || state == kWide2 ? 44 : 52)};
    case kLead3:
      return {kWide3, kOne + 12};
    case kLead4:
      return {kWide3, 3 * kOne};
    default:
      return {static_cast<unsigned char>(state), 0};
  }
}

// One look-up per byte instead of branches, which text would mispredict at every second word. A state is kept
// as the place where its row begins, so that a step is one addition and one load.
struct Step {
  std::uint16_t row, cost;
};
constexpr std::size_t kRow = 16;
static_assert(kKinds <= kRow);

constexpr auto MakeSteps() {
  std::array<Step, kStates * kRow> steps{};
  for (std::size_t s = 0; s < kStates; ++s) {
    for (std::size_t k = 0; k < kKinds; ++k) {
      Move m = After(static_cast<int>(s), static_cast<int>(k));
      steps[s * kRow + k] = {static_cast<std::uint16_t>(m.next * kRow), m.cost};
    }
  }
  return steps;
}
constexpr auto kSteps = MakeSteps();

constexpr int kRepeated = 32;  // what "----" costs less per sign than "-=-="

}  // namespace

std::int64_t EstimateTokens(std::string_view text) {
  std::int64_t cost = 0;
  std::size_t row = kS1 * kRow;
  char before = 0;
  for (char c : text) {
    std::size_t kind = kKindOf[static_cast<unsigned char>(c)];
    Step step = kSteps[row + kind];
    cost += step.cost - kRepeated * static_cast<int>((kind == kSign) & (c == before));
    row = step.row;
    before = c;
  }
  return (cost + kOne - 1) / kOne;
}

}  // namespace baton::route
