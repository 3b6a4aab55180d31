// Words as evidence. A row gives a weight to a list of words, or to pairs of neighbours ("how_many"), for one
// task, domain or language; the sums decide in features.cc. This is a bag of hints, not understanding:
// docs/routing.md has the measured accuracy. Rules want something cheap, inspectable and the same offline and
// live; learned classifiers come later.
//
// All rows are put into one open-addressing table of 64-bit hashes (no strings are compared: with some two
// thousand entries, a false hit has a chance of 1e-16 per word), so that a word costs one hash and one cache
// line.

#include "route/lexicon.h"

#include <algorithm>
#include <map>
#include <vector>

#include "route/lexicon_rows.h"

namespace baton::route {
namespace {

struct Effect {
  Group group;
  std::uint8_t index;
  std::int8_t weight;
};

struct Slot {
  std::uint64_t hash = 0;  // 0: empty
  std::uint16_t first = 0;
  std::uint8_t count = 0;
  bool pairs = false;  // some pair begins with this word
};

constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15ULL;
// Seven bits per letter keep words of up to nine ASCII letters apart without any multiplication on the way,
// whose latency would be paid for every byte; one at the end spreads them.
constexpr std::uint64_t Step(std::uint64_t h, unsigned char c) {
  return (h << 7 | h >> 57) ^ c;
}
constexpr std::uint64_t Mix(std::uint64_t h) {
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93ULL;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93ULL;
  return (h ^ (h >> 29)) | 1;
}
constexpr std::uint64_t Pair(std::uint64_t a, std::uint64_t b) {
  return Mix((a << 7 | a >> 57) ^ (b * 3));
}

std::uint64_t HashOf(std::string_view word) {
  std::uint64_t h = kSeed;
  for (char c : word) h = Step(h, static_cast<unsigned char>(c));
  return Mix(h);
}

class Table {
 public:
  Table() {
    std::map<std::uint64_t, std::vector<Effect>> entries;
    std::vector<std::uint64_t> heads;
    for (const auto& row : TaskRows()) AddRow(row, &entries, &heads);
    for (const auto& row : TopicRows()) AddRow(row, &entries, &heads);
    for (auto h : heads) entries[h];  // a word that only begins pairs needs a slot as well
    for (const auto& [hash, effects] : entries) {
      Slot slot{hash, static_cast<std::uint16_t>(effects_.size()), static_cast<std::uint8_t>(effects.size()),
                false};
      slot.pairs = std::find(heads.begin(), heads.end(), hash) != heads.end();
      effects_.insert(effects_.end(), effects.begin(), effects.end());
      std::size_t i = hash >> kShift;
      while (slots_[i].hash != 0) i = (i + 1) % slots_.size();
      slots_[i] = slot;
    }
  }

  const Slot* Find(std::uint64_t hash) const {
    for (std::size_t i = hash >> kShift; slots_[i].hash != 0; i = (i + 1) % slots_.size()) {
      if (slots_[i].hash == hash) return &slots_[i];
    }
    return nullptr;
  }

  void Apply(const Slot& slot, Scores* s) const {
    for (std::size_t i = slot.first; i < slot.first + std::size_t{slot.count}; ++i) {
      const Effect& e = effects_[i];
      switch (e.group) {
        case kTask:
          s->task[e.index] += e.weight;
          break;
        case kDomain:
          s->domain[e.index] += e.weight;
          break;
        case kLang:
          s->lang[e.index] += e.weight;
          break;
        case kHard:
          s->hard += e.weight;
          break;
        case kEasy:
          s->easy += e.weight;
          break;
        case kJson:
          s->json += e.weight;
          break;
        case kTests:
          s->tests += e.weight;
          break;
      }
    }
  }

 private:
  // "a" or "a_b"; of "a_b_c" the first two count.
  static void AddRow(const Row& row, std::map<std::uint64_t, std::vector<Effect>>* entries,
                     std::vector<std::uint64_t>* heads) {
    std::string_view rest = row.words;
    while (!rest.empty()) {
      std::size_t space = std::min(rest.find(' '), rest.size());
      std::string_view word = rest.substr(0, space);
      rest = rest.substr(std::min(space + 1, rest.size()));
      std::size_t bar = word.find('_');
      std::uint64_t hash = HashOf(word.substr(0, bar));
      if (bar != std::string_view::npos && bar + 1 < word.size()) {
        heads->push_back(hash);
        std::string_view second = word.substr(bar + 1);
        hash = Pair(hash, HashOf(second.substr(0, second.find('_'))));
      }
      (*entries)[hash].push_back(
          {row.group, static_cast<std::uint8_t>(row.index), static_cast<std::int8_t>(row.weight)});
    }
  }

  static constexpr int kShift = 64 - 13;
  std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{1} << 13);
  std::vector<Effect> effects_;
};

// What a byte becomes inside a word; 0 ends it. '+' and '#' only continue one ("c++", "c#").
constexpr std::array<unsigned char, 256> MakeFold() {
  std::array<unsigned char, 256> f{};
  for (int c = 'a'; c <= 'z'; ++c) f[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
  for (int c = 'A'; c <= 'Z'; ++c) f[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c + 32);
  for (int c = '0'; c <= '9'; ++c) f[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
  for (int c = 0x80; c < 0x100; ++c) f[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
  return f;
}
constexpr auto kFold = MakeFold();

// Typographic quotes and dashes (E2 80 xx) and the signs at C2 A0..BF separate words like their ASCII
// cousins.
std::size_t Separator(std::string_view t, std::size_t i) {
  auto at = [&](std::size_t k) { return k < t.size() ? static_cast<unsigned char>(t[k]) : 0u; };
  if (at(i) == 0xe2 && at(i + 1) == 0x80) return 3;
  if (at(i) == 0xc2 && at(i + 1) >= 0xa0 && at(i + 1) <= 0xbf) return 2;
  return 0;
}

// A character of a script that writes without spaces: kana and Han (E3..E9 lead), three bytes each.
bool IsUnspaced(std::string_view t, std::size_t i) {
  auto c = static_cast<unsigned char>(t[i]);
  return c >= 0xe3 && c <= 0xe9 && i + 3 <= t.size();
}

// Every pair of neighbouring characters is looked up as a word. Returns where the run ends.
std::size_t ScorePairs(std::string_view t, std::size_t i, const Table& table, Scores* scores) {
  for (; i < t.size() && IsUnspaced(t, i); i += 3) {
    ++scores->words;
    if (i + 6 > t.size() || !IsUnspaced(t, i + 3)) continue;
    if (const Slot* slot = table.Find(HashOf(t.substr(i, 6)))) table.Apply(*slot, scores);
  }
  return i;
}

}  // namespace

void ScoreWords(std::string_view t, Scores* scores) {
  static const Table kTable;   // immutable
  std::uint64_t previous = 0;  // hash of the word before, when pairs begin with it
  for (std::size_t i = 0; i < t.size();) {
    unsigned char c = kFold[static_cast<unsigned char>(t[i])];
    if (c == 0) {
      ++i;
      continue;
    }
    if (c >= 0xc2) {
      if (IsUnspaced(t, i)) {
        i = ScorePairs(t, i, kTable, scores);
        previous = 0;
        continue;
      }
      if (std::size_t n = Separator(t, i); n != 0) {
        i += n;
        continue;
      }
    }
    std::uint64_t h = kSeed;
    for (; c != 0; c = i < t.size() ? kFold[static_cast<unsigned char>(t[i])] : 0) {
      if (c >= 0xc2 && (Separator(t, i) != 0 || IsUnspaced(t, i))) break;
      h = Step(h, c);
      ++i;
    }
    while (i < t.size() && (t[i] == '+' || t[i] == '#')) h = Step(h, static_cast<unsigned char>(t[i++]));
    h = Mix(h);
    ++scores->words;
    if (previous != 0) {
      if (const Slot* pair = kTable.Find(Pair(previous, h))) kTable.Apply(*pair, scores);
    }
    const Slot* slot = kTable.Find(h);
    if (slot != nullptr) kTable.Apply(*slot, scores);
    previous = slot != nullptr && slot->pairs ? h : 0;
  }
}

}  // namespace baton::route
