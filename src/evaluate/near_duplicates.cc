// Near duplicates by MinHash (Broder 1997) with banding (Leskovec, Rajaraman, Ullman, ch. 3): a text is the
// set of its runs of three words; 64 minima estimate the Jaccard similarity of two sets with a standard error
// below 0.06; texts that share one of 16 bands of four minima are compared. A pair at similarity 0.8 is
// missed with probability (1 - 0.8^4)^16 = 0.02 %.
//
// Question sets share preambles ("Answer with the letter only", few-shot examples) that would make all of
// them duplicates. Runs that stand in more than one text of fifty (and in more than 20) are such a frame and
// are left out.

#include "evaluate/near_duplicates.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <numeric>
#include <unordered_map>

namespace baton::evaluate {
namespace {

constexpr std::size_t kMinima = 64, kBand = 4;
constexpr std::size_t kRun = 3;
using Signature = std::array<std::uint32_t, kMinima>;

std::uint64_t Mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

std::vector<std::uint64_t> WordHashes(std::string_view text) {
  std::vector<std::uint64_t> words;
  std::uint64_t hash = 0;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) || u >= 0x80) {
      hash = Mix(hash * 31 + static_cast<std::uint64_t>(std::tolower(u)) + 1);
    } else if (hash != 0) {
      words.push_back(hash);
      hash = 0;
    }
  }
  if (hash != 0) words.push_back(hash);
  return words;
}

// Sorted, each once. A text of fewer words than a run is one run.
std::vector<std::uint64_t> Runs(std::string_view text) {
  const auto words = WordHashes(text);
  std::vector<std::uint64_t> runs;
  for (std::size_t i = 0; i + kRun <= std::max(words.size(), kRun) && !words.empty(); ++i) {
    std::uint64_t run = 0;
    for (std::size_t k = i; k < std::min(i + kRun, words.size()); ++k) run = Mix(run + words[k]);
    runs.push_back(run);
  }
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  return runs;
}

Signature Sign(const std::vector<std::uint64_t>& runs) {
  Signature s;
  s.fill(std::numeric_limits<std::uint32_t>::max());
  for (const std::uint64_t run : runs) {
    for (std::size_t k = 0; k < kMinima; ++k)
      s[k] = std::min(s[k], static_cast<std::uint32_t>(Mix(run ^ (0x9e3779b97f4a7c15ULL * (k + 1))) >> 32));
  }
  return s;
}

double Alike(const Signature& a, const Signature& b) {
  std::size_t same = 0;
  for (std::size_t k = 0; k < kMinima; ++k) same += a[k] == b[k];
  return static_cast<double>(same) / static_cast<double>(kMinima);
}

class Groups {
 public:
  explicit Groups(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t Find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void Join(std::size_t a, std::size_t b) {
    a = Find(a), b = Find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

void DropFrames(std::vector<std::vector<std::uint64_t>>& all) {
  std::unordered_map<std::uint64_t, std::uint32_t> in_texts;
  for (const auto& runs : all)
    for (const auto run : runs) ++in_texts[run];
  const std::size_t limit = std::max<std::size_t>(20, all.size() / 50);
  for (auto& runs : all) {
    // A text that is nothing but frame keeps it: it is a duplicate of the others that are.
    std::vector<std::uint64_t> own;
    for (const auto run : runs)
      if (in_texts[run] <= limit) own.push_back(run);
    if (!own.empty()) runs = std::move(own);
  }
}

}  // namespace

std::vector<std::size_t> NearDuplicates(const std::vector<std::string_view>& texts, double similarity) {
  std::vector<std::vector<std::uint64_t>> runs;
  for (const auto text : texts) runs.push_back(Runs(text));
  DropFrames(runs);
  std::vector<Signature> signatures;
  for (const auto& r : runs) signatures.push_back(Sign(r));
  Groups groups(texts.size());
  for (std::size_t band = 0; band < kMinima / kBand; ++band) {
    // The first text of a bucket stands for it: a chain of duplicates is one group anyway.
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> buckets;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (runs[i].empty()) continue;
      std::uint64_t key = band;
      for (std::size_t k = 0; k < kBand; ++k) key = Mix(key * 31 + signatures[i][band * kBand + k]);
      auto& bucket = buckets[key];
      bool joined = false;
      for (std::size_t j = 0; j < std::min<std::size_t>(bucket.size(), 32) && !joined; ++j) {
        joined = Alike(signatures[i], signatures[bucket[j]]) >= similarity;
        if (joined) groups.Join(i, bucket[j]);
      }
      if (!joined) bucket.push_back(i);
    }
  }
  std::vector<std::size_t> group(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) group[i] = groups.Find(i);
  return group;
}

}  // namespace baton::evaluate
