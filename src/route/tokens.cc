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
#include <array>
#include <bit>
#include <cstring>

#include "base/lanes.h"

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
constexpr int kBeyondFifth = 18;

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
                static_cast<unsigned char>(state >= kL5 ? kBeyondFifth : 0)};
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

std::int64_t CostByTable(std::string_view text) {
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
  return cost;
}

// ---- the same for ASCII, 64 bytes at a time
//
// The table's steps wait for one another: ten cycles a byte. But what a byte of ASCII costs depends on the
// five before it at most (figures aside), so all 64 of a block are counted at once, as bits: "letters whose
// five neighbours to the left are letters too" is a handful of shifts. A test compares the two ways.

// One bit per byte of a block.
struct Kinds {
  std::uint64_t small = 0, large = 0, digit = 0, space = 0, line = 0, repeated = 0;
};

// `at` has a readable byte in front. Bits from `size` on are zero.
Kinds KindsOf(const char* at, std::size_t size) {
  Kinds k;
  for (std::size_t i = 0; i < size; i += kLanes) {
    const Lanes v = LoadLanes(at + i);
    k.small |= std::uint64_t{MaskOf(InRange(v, 'a', 'z'))} << i;
    k.large |= std::uint64_t{MaskOf(InRange(v, 'A', 'Z'))} << i;
    k.digit |= std::uint64_t{MaskOf(InRange(v, '0', '9'))} << i;
    k.space |= std::uint64_t{MaskOf(IsByte(v, ' ') | IsByte(v, '\t'))} << i;
    k.line |= std::uint64_t{MaskOf(IsByte(v, '\n') | IsByte(v, '\r'))} << i;
    k.repeated |= std::uint64_t{MaskOf(reinterpret_cast<Lanes>(v == LoadLanes(at + i - 1)))} << i;
  }
  return k;
}

// A kind's bits moved so that bit i tells of the byte `back` places before; the missing ones come from the
// block before.
struct Bits {
  std::uint64_t now, before;
  std::uint64_t Back(int back) const { return now << back | before >> (64 - back); }
};

class AsciiCost {
 public:
  void Add(const Kinds& k, std::uint64_t valid) {
    const Bits small{k.small, last_.small}, large{k.large, last_.large}, space{k.space, last_.space};
    const std::uint64_t sign = valid & ~(k.small | k.large | k.digit | k.space | k.line);
    Words(small, large);
    Count(k.large & ~large.Back(1), kOne + 2);
    Count(k.large & large.Back(1), 26);
    Count(k.space & space.Back(1) & ~space.Back(2), 24);
    Count(k.space & space.Back(1) & space.Back(2), 5);
    Signs(k, sign);
    if (k.digit != 0) Digits(k.digit);
    last_ = k;
    last_sign_ = sign;
    base_ += 64;
  }
  std::int64_t cost() const { return cost_; }

 private:
  void Count(std::uint64_t bits, int each) { cost_ += std::popcount(bits) * each; }

  void Words(Bits small, Bits large) {
    Count(small.now & ~(small.Back(1) | large.Back(1)), kOne + 2);
    // The sixth letter and those behind it; one capital in front counts as a letter, more as two.
    const std::uint64_t four = small.now & small.Back(1) & small.Back(2) & small.Back(3);
    const std::uint64_t five = four & small.Back(4);
    Count((five & (small.Back(5) | large.Back(5))) | (four & large.Back(4) & large.Back(5)), kBeyondFifth);
  }

  void Signs(const Kinds& k, std::uint64_t sign) {
    const Bits lines{k.line, last_.line}, signs{sign, last_sign_};
    Count(k.line & ~lines.Back(1), 44);
    Count(k.line & lines.Back(1), 16);
    Count(sign & ~signs.Back(1), kOne - 6);
    Count(sign & signs.Back(1), 48);
    Count(sign & k.repeated, -kRepeated);
  }

  void Digits(std::uint64_t digits) {
    for (; digits != 0; digits &= digits - 1) {
      const std::size_t at = base_ + static_cast<std::size_t>(std::countr_zero(digits));
      in_three_ = at == last_digit_ + 1 ? (in_three_ + 1) % 3 : 0;
      cost_ += in_three_ == 0 ? kOne : 8;
      last_digit_ = at;
    }
  }

  // Before the text stands one space, as the table's first state has it.
  Kinds last_{.space = std::uint64_t{1} << 63};
  std::uint64_t last_sign_ = 0;
  std::size_t base_ = 0, last_digit_ = std::string_view::npos - 1;
  unsigned in_three_ = 0;
  std::int64_t cost_ = 0;
};

std::int64_t CostOfAscii(std::string_view text) {
  AsciiCost cost;
  // The first block and a last one that is not full are copied to where there is room around them.
  char copy[1 + 64] = {};
  for (std::size_t i = 0; i < text.size(); i += 64) {
    const std::size_t size = std::min<std::size_t>(64, text.size() - i);
    const char* at = text.data() + i;
    if (i == 0 || size < 64) {
      copy[0] = i == 0 ? '\0' : at[-1];
      std::memset(copy + 1 + size, 0, 64 - size);
      at = static_cast<char*>(std::memcpy(copy + 1, at, size));
    }
    cost.Add(KindsOf(at, 64), size == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << size) - 1);
  }
  return cost.cost();
}

}  // namespace

std::int64_t EstimateTokens(std::string_view text) {
  const bool ascii = RunLength(text, 0, [](Lanes v) { return InRange(v, 0, 0x7f); }) == text.size();
  return ((ascii ? CostOfAscii(text) : CostByTable(text)) + kOne - 1) / kOne;
}

}  // namespace baton::route
