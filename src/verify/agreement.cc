// Votes need to know which answers are the same answer. Comparing whole texts finds agreement only among
// one-word replies; asking a model costs what the vote was meant to save. We read the final answer out of
// each text (a choice, a number, or the normalised text of what is marked as the answer) and compare that.
// Which of the three is decided once for all answers of a question: where two thirds look like choices, an
// answer that rambles has no choice; it must not turn the other five into six different texts.
//
// Measured rates per kind: docs/verifiers.md.

#include "verify/agreement.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "base/nearest.h"
#include "verify/final_answer.h"
#include "verify/text.h"

namespace baton::verify {
namespace {

constexpr std::size_t kMaxKey = 200;
constexpr int kUnread = -1;

using Key = std::optional<std::string>;

Key ChoiceKey(std::string_view answer) {
  const char c = FindChoice(answer);
  return c == 0 ? Key() : Key(std::string(1, c));
}

Key NumberKey(std::string_view answer) {
  auto q = FindFinalNumber(answer);
  if (!q) return std::nullopt;
  return q->value.Text();
}

// For guessing how to compare: "[1, 2, 3]" and "between 2 and 5" hold numbers and are none. Nor is a marked
// answer with more than one, unless it is worked out there ("x = 2 + 3 = 5").
Key PlainNumberKey(std::string_view answer) {
  const FinalAnswer marked = FindFinalAnswer(answer);
  if (marked.marked) {
    const std::string_view text = marked.text;
    const bool bracketed = !text.empty() && (text[0] == '[' || text[0] == '{' || text[0] == '(' ||
                                             text[0] == '"' || text[0] == '\'');
    if (bracketed || (text.find('=') == std::string_view::npos && FindQuantities(text, 2).size() != 1))
      return std::nullopt;
  }
  return NumberKey(answer);
}

Key TextKey(std::string_view answer) {
  const FinalAnswer a = FindFinalAnswer(answer);
  if (a.text.empty() && !a.marked) return std::nullopt;
  return AnswerKey(a.text);
}

std::vector<Key> KeysOf(const std::vector<std::string_view>& answers, Key (*read)(std::string_view)) {
  std::vector<Key> keys;
  keys.reserve(answers.size());
  for (std::string_view a : answers) keys.push_back(read(a));
  return keys;
}

bool MostAreRead(const std::vector<std::string_view>& answers, const std::vector<Key>& keys) {
  std::size_t said = 0, read = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    said += Trim(answers[i]).empty() ? 0 : 1;
    read += keys[i] ? 1 : 0;
  }
  return said > 0 && 3 * read >= 2 * said;
}

std::vector<Key> Keys(const std::vector<std::string_view>& answers, Sameness how) {
  switch (how) {
    case Sameness::kChoice:
      return KeysOf(answers, ChoiceKey);
    case Sameness::kNumber:
      return KeysOf(answers, NumberKey);
    case Sameness::kAuto: {
      auto keys = KeysOf(answers, ChoiceKey);
      if (MostAreRead(answers, keys)) return keys;
      keys = KeysOf(answers, PlainNumberKey);
      if (MostAreRead(answers, keys)) return keys;
      break;
    }
    case Sameness::kNormalised:
    case Sameness::kEmbedding:
      break;
  }
  return KeysOf(answers, TextKey);
}

// Renumbers groups by size, of equals the one that began first, and fills the rest. `first_seen[i]`: group of
// answer i in order of appearance.
Groups Ranked(const std::vector<int>& first_seen, const std::vector<std::string>& keys) {
  Groups g;
  g.of.assign(first_seen.size(), kUnread);
  std::vector<int> sizes(keys.size(), 0), order(keys.size()), rank(keys.size());
  for (int group : first_seen) {
    if (group != kUnread) ++sizes[static_cast<std::size_t>(group)];
  }
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return sizes[static_cast<std::size_t>(a)] > sizes[static_cast<std::size_t>(b)];
  });
  for (std::size_t r = 0; r < order.size(); ++r) {
    const auto group = static_cast<std::size_t>(order[r]);
    rank[group] = static_cast<int>(r);
    g.sizes.push_back(sizes[group]);
    g.keys.emplace_back(Clip(keys[group], kMaxKey));
  }
  for (std::size_t i = 0; i < first_seen.size(); ++i) {
    if (first_seen[i] == kUnread) continue;
    g.of[i] = rank[static_cast<std::size_t>(first_seen[i])];
    if (g.of[i] == 0 && g.representative < 0) g.representative = static_cast<int>(i);
  }
  if (!g.sizes.empty())
    g.agreement = static_cast<double>(g.sizes[0]) / static_cast<double>(first_seen.size());
  return g;
}

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return 0;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

}  // namespace

Groups GroupByKeys(const std::vector<Key>& keys_of_answers) {
  std::vector<int> first_seen;
  std::vector<std::string> keys;
  std::map<std::string_view, int> known;
  for (const Key& key : keys_of_answers) {
    if (!key) {
      first_seen.push_back(kUnread);
      continue;
    }
    auto [at, fresh] = known.emplace(*key, static_cast<int>(keys.size()));
    if (fresh) keys.push_back(*key);
    first_seen.push_back(at->second);
  }
  return Ranked(first_seen, keys);
}

Groups Group(const std::vector<std::string_view>& answers, Sameness how) {
  return GroupByKeys(Keys(answers, how));
}

// Leader clustering: an answer joins the first group whose first member is near enough. Chains (a near b, b
// near c) do not merge groups whose ends differ.
Groups GroupByVectors(const std::vector<std::vector<float>>& vectors, double threshold) {
  std::vector<int> first_seen;
  std::vector<std::string> keys;
  std::vector<std::size_t> leaders;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    if (vectors[i].empty()) {
      first_seen.push_back(kUnread);
      continue;
    }
    auto near = std::find_if(leaders.begin(), leaders.end(),
                             [&](std::size_t l) { return Cosine(vectors[l], vectors[i]) >= threshold; });
    first_seen.push_back(static_cast<int>(near - leaders.begin()));
    if (near == leaders.end()) {
      leaders.push_back(i);
      keys.push_back("like answer " + std::to_string(i + 1));
    }
  }
  return Ranked(first_seen, keys);
}

Result<Sameness> ParseSameness(std::string_view word) {
  static const std::vector<std::string_view> kWords = {"auto", "normalised", "choice", "number", "embedding"};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (word == kWords[i]) return static_cast<Sameness>(i);
  }
  std::string message = "'" + std::string(Clip(word, 64)) + "' is no way to compare answers";
  const std::string_view nearest = Nearest(word, kWords);
  message += nearest.empty() ? ": use auto, normalised, choice, number or embedding"
                             : "; did you mean '" + std::string(nearest) + "'?";
  return Fail(Code::kInvalidRequest, std::move(message), "unknown_sameness");
}

// The leader gets X ~ Binomial(more, p) of the further answers and holds when leader + X >= runner_up + more
// - X.
double LeadHolds(int leader, int runner_up, int more, double p) {
  if (more <= 0) return leader >= runner_up ? 1 : 0;
  p = std::isnan(p) ? 0 : std::clamp(p, 0.0, 1.0);
  const int missing = runner_up + more - leader;
  const int need = missing <= 0 ? 0 : (missing + 1) / 2;  // the smallest X that holds
  if (need == 0) return 1;
  if (need > more) return 0;
  if (p == 0 || p == 1) return p;
  double sum = 0, log_ways = 0;  // of C(more, x); lgamma would write a global
  for (int x = 0; x <= more; ++x) {
    if (x > 0) log_ways += std::log(static_cast<double>(more - x + 1) / x);
    if (x >= need) sum += std::exp(log_ways + x * std::log(p) + (more - x) * std::log1p(-p));
  }
  return std::min(sum, 1.0);
}

}  // namespace baton::verify
