// What attack_model.h describes word by word, for all words of a text at once.
//
// Problem: a hash that takes its bytes one after the other waits for a multiplication at each; the two models
// cost 230 instructions a word that way, a third of everything Baton does for a short question. Choice: the
// words of a text are found by bit masks first, then hashed side by side, and so are their letters;
// both models read the same features. Forty instructions a word, and the sums are the same numbers: a test
// holds them against the plain way on any bytes.

#include "rails/attack_score.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>

#include "base/clones.h"
#include "base/lanes.h"

namespace baton::rails {
namespace {

// Hashes side by side: four registers, because each waits ten cycles for its multiplication.
constexpr std::size_t kSide = 8, kSides = 4, kAtOnce = kSide * kSides;
using Side [[gnu::vector_size(32)]] = std::uint32_t;
constexpr std::size_t kMostBytes = kAttackMostWords / 2 * 6 * 2;

// The part of a text that is read, in small letters, and its words.
struct Folded {
  // Room behind the end: a word's letters are read four at a time, past its end too.
  alignas(32) unsigned char text[kMostBytes + 64];
  std::size_t size = 0;
  std::size_t words = 0;
  // Of each word; room behind the last for those that complete a side.
  alignas(32) std::uint32_t begin[kAttackMostWords + kAtOnce], length[kAttackMostWords + kAtOnce];
};

constexpr std::size_t kFours = 6;  // of one word at most: its first letters are looked at

struct Space {
  Folded folded;
  alignas(32) std::uint32_t hash[kAttackMostWords + kAtOnce], alone[kAttackMostWords + kAtOnce],
      pair[kAttackMostWords + kAtOnce];
  std::uint32_t fours[kAttackMostWords * kFours + 2 * kSide];
};

// Adds the words of `t` to those that are there, `most` at most. REQUIRES: room for them and the text.
void Fold(std::string_view t, std::size_t most, Folded* f) {
  const std::size_t base = f->size;
  most = std::min(most, kAttackMostWords - f->words);
  std::size_t begins = f->words, ends = f->words;
  const std::size_t last = f->words + most;
  std::uint64_t open = 0;  // bit 0: the block before ended inside a word
  std::size_t i = 0;
  for (; i < t.size(); i += 64) {
    std::uint64_t word = 0;
    for (std::size_t k = 0; k < 64; k += kLanes) {
      Lanes raw = {};
      if (i + k + kLanes <= t.size()) {
        raw = LoadLanes(t.data() + i + k);
      } else if (i + k < t.size()) {
        std::memcpy(&raw, t.data() + i + k, t.size() - i - k);
      }
      const Lanes small = raw | (InRange(raw, 'A', 'Z') & 0x20);
      std::memcpy(f->text + base + i + k, &small, kLanes);
      word |= std::uint64_t{MaskOf(InRange(small, 'a', 'z') | InRange(raw, '0', '9') | raw)} << k;
    }
    const std::uint64_t before = word << 1 | open;
    const auto at = static_cast<std::uint32_t>(base + i);
    for (std::uint64_t b = word & ~before; b != 0 && begins < last; b &= b - 1)
      f->begin[begins++] = at + static_cast<std::uint32_t>(std::countr_zero(b));
    for (std::uint64_t e = ~word & before; e != 0 && ends < begins; e &= e - 1, ++ends)
      f->length[ends] = at + static_cast<std::uint32_t>(std::countr_zero(e)) - f->begin[ends];
    open = word >> 63;
  }
  f->size += t.size();
  if (ends < begins) f->length[ends] = static_cast<std::uint32_t>(f->size) - f->begin[ends];
  f->words = begins;
}

[[gnu::always_inline]] inline void Mix(Side& h, const Side& v) {
  h ^= v;
  h *= 0x01000193u;
  h ^= h >> 15;
}
[[gnu::always_inline]] inline void Bucket(Side& h) {
  h = (h ^ h >> 14) & static_cast<std::uint32_t>(kAttackBuckets - 1);
}
// Four letters from each of the places on.
[[gnu::always_inline]] inline void Letters(const unsigned char* text, const Side& at, Side& out) {
  const auto four = [&](std::size_t i) {
    std::uint32_t v;
    std::memcpy(&v, text + at[i], sizeof v);
    return v;
  };
  out = Side{four(0), four(1), four(2), four(3), four(4), four(5), four(6), four(7)};
}

// hash[i]: of the word i, for all of them and those that complete the last side.
BATON_CLONES void HashWords(Folded& f, std::uint32_t* hash) {
  for (std::size_t w = f.words; w < f.words + kAtOnce; ++w) f.begin[w] = f.length[w] = 0;
  for (std::size_t w = 0; w < f.words; w += kAtOnce) {
    std::uint32_t longest = 0;
    for (std::size_t i = 0; i < kAtOnce; ++i) longest = std::max(longest, f.length[w + i]);
    Side length[kSides], at[kSides], h[kSides];
#pragma GCC unroll 4
    for (std::size_t s = 0; s < kSides; ++s) {
      std::memcpy(&length[s], f.length + w + s * kSide, sizeof(Side));
      std::memcpy(&at[s], f.begin + w + s * kSide, sizeof(Side));
      h[s] = Side{} + 0x811c9dc5u;
    }
    for (std::uint32_t done = 0; done < longest;) {
      Side letters[kSides];
#pragma GCC unroll 4
      for (std::size_t s = 0; s < kSides; ++s) {
        Letters(f.text, at[s], letters[s]);
        // A word that is at its end reads its end again: what follows may lie outside the text.
        at[s] += length[s] > done + 4 ? Side{} + 4u : Side{};
      }
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k, ++done) {
#pragma GCC unroll 4
        for (std::size_t s = 0; s < kSides; ++s) {
          Side next = h[s];
          Mix(next, letters[s] & 0xffu);
          letters[s] >>= 8;
          h[s] = length[s] > done ? next : h[s];
        }
      }
    }
    std::memcpy(hash + w, h, sizeof h);
  }
}

// Buckets of the features that words are, and that they are with their neighbours.
BATON_CLONES void WordFeatures(const std::uint32_t* hash, std::size_t words, std::uint32_t* alone,
                               std::uint32_t* pair) {
  for (std::size_t w = 0; w < words; w += kSide) {
    Side h, next;
    std::memcpy(&h, hash + w, sizeof h);
    std::memcpy(&next, hash + w + 1, sizeof next);
    Side one = h, two = h;
    Mix(one, Side{} + 1u);
    Mix(two, Side{} + 2u);
    Mix(two, next);
    Bucket(one);
    Bucket(two);
    std::memcpy(alone + w, &one, sizeof one);
    std::memcpy(pair + w, &two, sizeof two);
  }
}

// From the places of four letters each to their buckets, in place. REQUIRES: any places up to a multiple of
// 2 * kSide.
BATON_CLONES void LetterFeatures(const unsigned char* text, std::uint32_t* at, std::size_t count) {
  for (std::size_t g = 0; g < count; g += 2 * kSide) {
    Side a, b, letters_a, letters_b;
    std::memcpy(&a, at + g, sizeof a);
    std::memcpy(&b, at + g + kSide, sizeof b);
    Letters(text, a, letters_a);
    Letters(text, b, letters_b);
    a = b = Side{} + 3u;
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      Mix(a, letters_a & 0xffu);
      Mix(b, letters_b & 0xffu);
      letters_a >>= 8;
      letters_b >>= 8;
    }
    Bucket(a);
    Bucket(b);
    std::memcpy(at + g, &a, sizeof a);
    std::memcpy(at + g + kSide, &b, sizeof b);
  }
}

// Sums of one stride of words under one model.
int SumOf(const std::int8_t* weights, const std::uint32_t* bucket, std::size_t count) {
  int sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += weights[bucket[i]];
  return sum;
}

// The highest log-odds of any window of one model, as strides arrive.
class Windows {
 public:
  explicit Windows(const AttackModel& model) : model_(model) {}
  const std::int8_t* weights() const { return model_.weights; }
  // `full`: the window of this stride and the one before counts.
  void Stride(int sum, int features, bool full) {
    const int both = before_ + sum, all = features_before_ + features;
    before_ = sum;
    features_before_ = features;
    if (!full || all == 0) return;
    odds_ = std::max(odds_, model_.bias + model_.scale * both / std::sqrt(static_cast<double>(all)));
    any_ = true;
  }
  // The probability rises with the odds, so it is worked out once.
  double Highest() const { return any_ ? 1 / (1 + std::exp(-odds_)) : 0; }

 private:
  const AttackModel& model_;
  int before_ = 0, features_before_ = 0;
  double odds_ = -1e300;
  bool any_ = false;
};
static_assert(kAttackWindow == 2 * kAttackStride);

}  // namespace

AttackScores ScoreAttack(std::string_view t, bool orders_too) {
  // Kept between calls: it is larger than a stack frame should be. Only what a text fills is touched.
  thread_local const auto space = std::make_unique<Space>();
  Folded& f = space->folded;
  f.size = f.words = 0;
  if (t.size() <= kMostBytes) {
    Fold(t, kAttackMostWords, &f);
  } else {
    Fold(t.substr(0, kMostBytes / 2), kAttackMostWords / 2, &f);
    Fold(t.substr(t.size() - kMostBytes / 2), kAttackMostWords / 2, &f);
  }
  HashWords(f, space->hash);
  WordFeatures(space->hash, f.words, space->alone, space->pair);
  std::uint32_t* const fours = space->fours;
  std::size_t count = 0, ends[kAttackMostWords / kAttackStride + 1];
  for (std::size_t w = 0; w < f.words; ++w) {
    // More places are written than the word has: those behind its own are written over.
    const Side places = Side{0, 2, 4, 6, 8, 10, 0, 0} + f.begin[w];
    std::memcpy(fours + count, &places, sizeof places);
    const std::size_t n = f.length[w] / 2;
    count += n < 2 ? 0 : std::min(kFours, n - 1);
    ends[w / kAttackStride] = count;
  }
  std::fill_n(fours + count, 2 * kSide, 0u);
  LetterFeatures(f.text, fours, count);
  Windows phrasing(PhrasingModel()), orders(OrdersModel());
  std::size_t four = 0;
  for (std::size_t from = 0; from < f.words; from += kAttackStride) {
    const std::size_t to = std::min(from + kAttackStride, f.words), four_end = ends[from / kAttackStride];
    // The last word of all has no neighbour.
    const std::size_t words = to - from, pairs = to == f.words ? words - 1 : words;
    const bool full = to >= kAttackWindow || to == f.words;
    const auto score = [&](Windows& model) {
      const int sum = SumOf(model.weights(), space->alone + from, words) +
                      SumOf(model.weights(), space->pair + from, pairs) +
                      SumOf(model.weights(), fours + four, four_end - four);
      model.Stride(sum, static_cast<int>(words + pairs + four_end - four), full);
    };
    score(phrasing);
    if (orders_too) score(orders);
    four = four_end;
  }
  return {phrasing.Highest(), orders.Highest()};
}

}  // namespace baton::rails
