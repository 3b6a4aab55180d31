// Words as evidence. A row gives a weight to a list of words, or to pairs of neighbours ("how_many"), for one
// task, domain or language; the sums decide in features.cc. This is a bag of hints, not understanding:
// docs/routing.md has the measured accuracy. Rules want something cheap, inspectable and the same offline and
// live; learned classifiers come later.
//
// All rows are put into one open-addressing table of 64-bit hashes (no strings are compared: with some two
// thousand entries, a false hit has a chance of 1e-16 per word). The table is 128 KB, more than the first
// cache holds, and most words of most texts are not in it; a bitmap of 4 KB in front answers for nineteen in
// twenty of those. In ASCII text words are found by bit masks and hashed as one register; the byte-by-byte
// way is for the others.

#include "text/lexicon.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "base/lanes.h"
#include "text/lexicon_rows.h"

namespace baton::text {
namespace {

// Scores as one list, so that a hit is an addition and no choice: tasks, domains, languages, then the rest.
constexpr std::size_t kTasks = std::tuple_size_v<decltype(Scores::task)>;
constexpr std::size_t kDomains = std::tuple_size_v<decltype(Scores::domain)>;
constexpr std::size_t kLangs = std::tuple_size_v<decltype(Scores::lang)>;
constexpr std::size_t kFirstOf[] = {0, kTasks, kTasks + kDomains, kTasks + kDomains + kLangs};
constexpr std::size_t kPlaces = 32;
static_assert(kTasks + kDomains + kLangs + 4 <= kPlaces);
using Sums = std::array<int, kPlaces>;
// What a hit adds to each place. Most words weigh in one to three places; adding all of them at once takes
// four vector instructions and no branch.
struct Effects {
  alignas(16) std::array<std::int16_t, kPlaces> weight{};
  bool operator==(const Effects&) const = default;
};
using Wide [[gnu::vector_size(16)]] = std::int16_t;
constexpr std::size_t kWides = kPlaces * sizeof(std::int16_t) / sizeof(Wide);
// Hits that 16 bits can hold: no row weighs more than kMostWeight.
constexpr int kMostWeight = 64, kHitsAtOnce = 32767 / kMostWeight;

constexpr std::size_t PlaceOf(Group group, int index) {
  return group <= kLang ? kFirstOf[group] + static_cast<std::size_t>(index) : kFirstOf[3] + group - kHard;
}

void Add(Scores* s, const Sums& sums) {
  for (std::size_t i = 0; i < kTasks; ++i) s->task[i] += sums[i];
  for (std::size_t i = 0; i < kDomains; ++i) s->domain[i] += sums[kFirstOf[kDomain] + i];
  for (std::size_t i = 0; i < kLangs; ++i) s->lang[i] += sums[kFirstOf[kLang] + i];
  s->hard += sums[PlaceOf(kHard, 0)];
  s->easy += sums[PlaceOf(kEasy, 0)];
  s->json += sums[PlaceOf(kJson, 0)];
  s->tests += sums[PlaceOf(kTests, 0)];
}

struct Slot {
  std::uint64_t hash = 0;  // 0: empty
  std::uint16_t effects = 0;
  bool pairs = false;  // some pair begins with this word
};

// A word's hash: its bytes, folded, eight at a time, then its length.
class Hasher {
 public:
  void Add(unsigned char c) {
    eight_ |= std::uint64_t{c} << (length_ % 8 * 8);
    if (++length_ % 8 == 0) Eight(std::exchange(eight_, 0));
  }
  std::uint64_t Take() {
    if (length_ % 8 != 0) Eight(eight_);
    return End(hash_, length_);
  }
  // The same for a word of at most sixteen bytes that lies in two registers, zeros behind it.
  static std::uint64_t Of(std::uint64_t low, std::uint64_t high, std::size_t length) {
    std::uint64_t h = Mixed(kSeed ^ low);
    if (length > 8) h = Mixed(h ^ high);
    return End(h, length);
  }

 private:
  static constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15ULL, kOdd = 0xd6e8feb86659fd93ULL;
  static std::uint64_t Mixed(std::uint64_t h) {
    h *= kOdd;
    return h ^ (h >> 32);
  }
  static std::uint64_t End(std::uint64_t h, std::size_t length) { return Mixed(h ^ length) | 1; }
  void Eight(std::uint64_t eight) { hash_ = Mixed(hash_ ^ eight); }
  std::uint64_t hash_ = kSeed, eight_ = 0;
  std::size_t length_ = 0;
};

std::uint64_t Pair(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t h = ((a << 7 | a >> 57) ^ (b * 3)) * 0xd6e8feb86659fd93ULL;
  return (h ^ (h >> 32)) | 1;
}

std::uint64_t HashOf(std::string_view word) {
  Hasher h;
  for (char c : word) h.Add(static_cast<unsigned char>(c));
  return h.Take();
}

class Table {
 public:
  Table() {
    std::map<std::uint64_t, Effects> entries;
    std::vector<std::uint64_t> heads;
    for (const auto& row : TaskRows()) AddRow(row, &entries, &heads);
    for (const auto& row : TopicRows()) AddRow(row, &entries, &heads);
    for (auto h : heads) entries[h];  // a word that only begins pairs needs a slot as well
    effects_.emplace_back();
    for (const auto& [hash, effects] : entries) {
      Slot slot{hash, PlaceOfEffects(effects), false};
      slot.pairs = std::find(heads.begin(), heads.end(), hash) != heads.end();
      std::size_t i = hash >> kShift;
      while (slots_[i].hash != 0) i = (i + 1) % slots_.size();
      slots_[i] = slot;
      known_[hash >> kBitShift >> 6] |= std::uint64_t{1} << (hash >> kBitShift & 63);
    }
  }

  const Slot* Find(std::uint64_t hash) const {
    if ((known_[hash >> kBitShift >> 6] >> (hash >> kBitShift & 63) & 1) == 0) return nullptr;
    for (std::size_t i = hash >> kShift; slots_[i].hash != 0; i = (i + 1) % slots_.size()) {
      if (slots_[i].hash == hash) return &slots_[i];
    }
    return nullptr;
  }
  const Effects& EffectsOf(const Slot& slot) const { return effects_[slot.effects]; }

 private:
  // "a" or "a_b"; of "a_b_c" the first two count.
  static void AddRow(const Row& row, std::map<std::uint64_t, Effects>* entries,
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
      std::int16_t& weight = (*entries)[hash].weight[PlaceOf(row.group, row.index)];
      weight = static_cast<std::int16_t>(std::min(weight + row.weight, kMostWeight));
    }
  }
  // Some two thousand words, but few ways to weigh: those fit the first cache.
  std::uint16_t PlaceOfEffects(const Effects& effects) {
    const auto at = std::find(effects_.begin(), effects_.end(), effects);
    const auto place = static_cast<std::uint16_t>(at - effects_.begin());
    if (at == effects_.end()) effects_.push_back(effects);
    return place;
  }

  static constexpr int kShift = 64 - 13, kBitShift = 64 - 15;
  std::array<std::uint64_t, (1 << 15) / 64> known_{};  // by the hash's first 15 bits
  std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{1} << 13);
  std::vector<Effects> effects_;
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

// What has been found in a text so far.
class Finds {
 public:
  explicit Finds(const Table& table) : table_(table) {}

  void Word(std::uint64_t hash) {
    ++words_;
    if (previous_ != 0) {
      if (const Slot* pair = table_.Find(Pair(previous_, hash))) Apply(*pair);
    }
    const Slot* slot = table_.Find(hash);
    previous_ = 0;
    if (slot == nullptr) return;
    Apply(*slot);
    if (slot->pairs) previous_ = hash;
  }
  // One character of a script without spaces, and the next one with it, where there is one.
  void Unspaced(std::string_view two) {
    ++words_;
    previous_ = 0;
    if (two.empty()) return;
    if (const Slot* slot = table_.Find(HashOf(two))) Apply(*slot);
  }
  void AddTo(Scores* scores) {
    Flush();
    Add(scores, sums_);
    scores->words += words_;
  }

 private:
  void Apply(const Slot& slot) {
    const std::int16_t* weights = table_.EffectsOf(slot).weight.data();
    for (std::size_t i = 0; i < kWides; ++i) {
      Wide w;
      std::memcpy(&w, weights + i * sizeof(Wide) / sizeof(std::int16_t), sizeof w);
      wide_[i] += w;
    }
    if (++hits_ == kHitsAtOnce) Flush();
  }
  void Flush() {
    for (std::size_t i = 0; i < kPlaces; ++i) sums_[i] += wide_[i / 8][i % 8];
    for (Wide& w : wide_) w = Wide{};
    hits_ = 0;
  }

  const Table& table_;
  Wide wide_[kWides] = {};  // of the latest hits
  int hits_ = 0;
  Sums sums_{};
  int words_ = 0;
  std::uint64_t previous_ = 0;  // hash of the word before, when pairs begin with it
};

// ---- any text, byte by byte

// Returns where the word ends.
std::size_t AnyWord(std::string_view t, std::size_t i, Finds* finds) {
  Hasher h;
  for (unsigned char c; i < t.size() && (c = kFold[static_cast<unsigned char>(t[i])]) != 0; ++i) {
    if (c >= 0xc2 && (Separator(t, i) != 0 || IsUnspaced(t, i))) break;
    h.Add(c);
  }
  for (; i < t.size() && (t[i] == '+' || t[i] == '#'); ++i) h.Add(static_cast<unsigned char>(t[i]));
  finds->Word(h.Take());
  return i;
}

// Every pair of neighbouring characters is looked up as a word. Returns where the run ends.
std::size_t UnspacedRun(std::string_view t, std::size_t i, Finds* finds) {
  for (; i < t.size() && IsUnspaced(t, i); i += 3) {
    const bool two = i + 6 <= t.size() && IsUnspaced(t, i + 3);
    finds->Unspaced(two ? t.substr(i, 6) : std::string_view());
  }
  return i;
}

void ReadAny(std::string_view t, Finds* finds) {
  for (std::size_t i = 0; i < t.size();) {
    const unsigned char c = kFold[static_cast<unsigned char>(t[i])];
    if (c == 0) {
      ++i;
    } else if (c >= 0xc2 && IsUnspaced(t, i)) {
      i = UnspacedRun(t, i, finds);
    } else if (const std::size_t n = c >= 0xc2 ? Separator(t, i) : 0; n != 0) {
      i += n;
    } else {
      i = AnyWord(t, i, finds);
    }
  }
}

// ---- ASCII: where words begin and end is known for all of the text before the first is looked up

constexpr std::size_t kAsciiBytes = 6 * 1024;  // as much as anybody asks to be read

// The text in small letters, and a bit per byte that belongs to a word.
class Folded {
 public:
  // REQUIRES: t.size() <= kAsciiBytes. False: not ASCII.
  bool Read(std::string_view t) {
    size_ = t.size();
    unsigned high = 0;
    for (std::size_t i = 0; i < size_; i += kLanes) {
      char rest[kLanes] = {};
      const char* at = t.data() + i;
      if (size_ - i < kLanes) at = static_cast<char*>(std::memcpy(rest, at, size_ - i));
      const Lanes raw = LoadLanes(at), folded = raw | (InRange(raw, 'A', 'Z') & 0x20);
      std::memcpy(text_ + i, &folded, kLanes);
      const std::uint64_t word = MaskOf(InRange(folded, 'a', 'z') | InRange(raw, '0', '9'));
      if (i % 64 == 0) bits_[i / 64] = 0;
      bits_[i / 64] |= word << (i % 64);
      high |= MaskOf(raw);
    }
    // Room behind the end, where a word's register and the bits of a block may reach.
    std::memset(text_ + size_, 0, kLanes);
    bits_[(size_ + 63) / 64] = 0;
    return high == 0;
  }

  template <class Use>  // use(begin, length)
  void EachWord(Use use) const {
    std::uint64_t open = 0;  // the block before ended inside a word
    for (std::size_t block = 0; block * 64 < size_; ++block) {
      const std::uint64_t now = bits_[block], next = bits_[block + 1];
      for (std::uint64_t begins = now & ~(now << 1 | open); begins != 0; begins &= begins - 1) {
        const int at = std::countr_zero(begins);
        const auto here = static_cast<std::size_t>(std::countr_one(now >> at));
        const bool goes_on = here == static_cast<std::size_t>(64 - at);
        use(block * 64 + static_cast<std::size_t>(at),
            goes_on ? here + static_cast<std::size_t>(std::countr_one(next)) : here);
      }
      open = now >> 63;
    }
  }
  char operator[](std::size_t i) const { return text_[i]; }
  // REQUIRES: length < 16.
  std::uint64_t HashOf(std::size_t begin, std::size_t length) const {
    std::uint64_t low, high;
    std::memcpy(&low, text_ + begin, sizeof low);
    std::memcpy(&high, text_ + begin + sizeof low, sizeof high);
    const std::uint64_t kept = (std::uint64_t{1} << (length % 8 * 8)) - 1;
    return length < 8 ? Hasher::Of(low & kept, 0, length) : Hasher::Of(low, high & kept, length);
  }

 private:
  alignas(16) char text_[kAsciiBytes + kLanes];
  std::uint64_t bits_[kAsciiBytes / 64 + 1];
  std::size_t size_ = 0;
};

void ReadAscii(std::string_view t, const Folded& folded, Finds* finds) {
  folded.EachWord([&](std::size_t begin, std::size_t length) {
    const char behind = folded[begin + length];
    if (length < kLanes && behind != '+' && behind != '#') return finds->Word(folded.HashOf(begin, length));
    (void)AnyWord(t, begin, finds);
  });
}

}  // namespace

void ScoreWords(std::string_view t, Scores* scores) {
  static const Table kTable;  // immutable
  Finds finds(kTable);
  Folded folded;
  if (t.size() <= kAsciiBytes && folded.Read(t)) {
    ReadAscii(t, folded, &finds);
  } else {
    ReadAny(t, &finds);
  }
  finds.AddTo(scores);
}

}  // namespace baton::text
