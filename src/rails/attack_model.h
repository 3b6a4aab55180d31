// The two learned parts of attack detection: linear models over hashed features of a window of words. What is
// written here the plain way is what the trainer uses (bench/attack_trainer.cc); attack_score.h does the same
// for a whole text at once, and a test holds them together, so that what is trained is what runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace baton::rails {

inline constexpr std::size_t kAttackBuckets = 1 << 14;
inline constexpr std::size_t kAttackWindow = 32;  // words
inline constexpr std::size_t kAttackStride = 16;
inline constexpr std::size_t kAttackMostWords =
    4096;  // of one text: half from its beginning, half from its end

// The features of one window: bucket numbers, with repetition.
using AttackFeatures = std::vector<std::uint32_t>;
// Calls use(features, begin, end) for every window of `text` (its bytes), in order; at least once unless it
// has no words. The vector is reused. Words are runs of letters and digits without case; features are words,
// pairs of neighbours and the letters' fours inside words.
template <class Use>
void ForEachAttackWindow(std::string_view text, Use use);

struct AttackWord {
  std::uint32_t hash;
  std::size_t begin, end;
};
std::vector<AttackWord> AttackWords(std::string_view text);

struct AttackModel {
  double bias = 0, scale = 1;  // log-odds = bias + scale * sum of weights / sqrt(number of features)
  double threshold = 0.5;      // probability from which a window counts
  const std::int8_t* weights = nullptr;  // kAttackBuckets
};
// How attacks are phrased, and orders in text that should hold data.
const AttackModel& PhrasingModel();
const AttackModel& OrdersModel();

// use(bucket) for every feature of word `at`: itself, it with its neighbour, its letters.
template <class Use>
void ForEachAttackFeature(std::string_view text, const std::vector<AttackWord>& words, std::size_t at,
                          Use use);

// ---- inline parts ----

inline std::uint32_t MixAttackHash(std::uint32_t h, std::uint32_t v) {
  h ^= v;
  h *= 0x01000193u;
  return h ^ (h >> 15);
}

template <class Use>
void ForEachAttackFeature(std::string_view text, const std::vector<AttackWord>& words, std::size_t at,
                          Use use) {
  const auto bucket = [](std::uint32_t h) { return (h ^ (h >> 14)) & (kAttackBuckets - 1); };
  const AttackWord& word = words[at];
  use(bucket(MixAttackHash(word.hash, 1)));
  if (at + 1 < words.size()) use(bucket(MixAttackHash(MixAttackHash(word.hash, 2), words[at + 1].hash)));
  for (std::size_t i = word.begin; i + 4 <= word.end && i < word.begin + 12; i += 2) {
    std::uint32_t h = 3;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      h = MixAttackHash(h, static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + 32 : c));
    }
    use(bucket(h));
  }
}

template <class Use>
void ForEachAttackWindow(std::string_view text, Use use) {
  const std::vector<AttackWord> words = AttackWords(text);
  AttackFeatures features;
  for (std::size_t from = 0; from < words.size(); from += kAttackStride) {
    const std::size_t to = from + kAttackWindow < words.size() ? from + kAttackWindow : words.size();
    features.clear();
    for (std::size_t w = from; w < to; ++w)
      ForEachAttackFeature(text, words, w, [&](std::uint32_t f) { features.push_back(f); });
    use(static_cast<const AttackFeatures&>(features), words[from].begin, words[to - 1].end);
    if (to == words.size()) break;
  }
}

}  // namespace baton::rails
