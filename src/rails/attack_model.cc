#include "rails/attack_model.h"

#include <string>

#include "rails/finding.h"

namespace baton::rails {
namespace {

// The weights as the trainer wrote them: two bytes of text per weight would be twice as long and no more
// readable, so one printable character stands for each, 'M' for zero.
#include "rails/attack_weights.inc"

std::vector<std::int8_t> Decode(std::string_view text) {
  std::vector<std::int8_t> out(kAttackBuckets);
  for (std::size_t i = 0; i < out.size() && i < text.size(); ++i)
    out[i] = static_cast<std::int8_t>(text[i] - 'M');
  return out;
}

}  // namespace

std::vector<AttackWord> AttackWords(std::string_view t) {
  std::vector<AttackWord> words;
  const auto read = [&](std::size_t from, std::size_t to, std::size_t most) {
    for (std::size_t i = from; i < to && most > 0;) {
      if (!IsAlnum(t[i])) {
        ++i;
        continue;
      }
      std::uint32_t h = 0x811c9dc5u;
      const std::size_t begin = i;
      for (; i < to && IsAlnum(t[i]); ++i) h = MixAttackHash(h, static_cast<unsigned char>(LowerAscii(t[i])));
      words.push_back({h, begin, i});
      --most;
    }
  };
  // A word is six bytes with its space; what is cut out of the middle of a very long text is a stated limit.
  constexpr std::size_t kHalf = kAttackMostWords / 2 * 6;
  if (t.size() <= 2 * kHalf) {
    read(0, t.size(), kAttackMostWords);
  } else {
    read(0, kHalf, kAttackMostWords / 2);
    read(t.size() - kHalf, t.size(), kAttackMostWords / 2);
  }
  return words;
}

const AttackModel& PhrasingModel() {
  static const std::vector<std::int8_t> kWeights = Decode(kPhrasingWeights);
  static const AttackModel kModel{kPhrasingBias, kPhrasingScale, kPhrasingThreshold, kWeights.data()};
  return kModel;
}

const AttackModel& OrdersModel() {
  static const std::vector<std::int8_t> kWeights = Decode(kOrdersWeights);
  static const AttackModel kModel{kOrdersBias, kOrdersScale, kOrdersThreshold, kWeights.data()};
  return kModel;
}

}  // namespace baton::rails
