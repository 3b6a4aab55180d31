// Strings and lists, described in words: a program would be right, but somebody has to write it.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "arena/families.h"

namespace baton::arena {
namespace {

using S = std::vector<std::string>;
const S& Words() {
  static const S kWords = {"banana", "window", "garden", "silver", "monkey", "pepper", "candle", "bridge",
                           "yellow", "mitten", "rabbit", "kitten", "summer", "letter", "coffee", "button"};
  return kWords;
}
S Some(Draw& d, int n) {
  S out;
  while (static_cast<int>(out.size()) < n) {
    const auto& w = d.Of(Words());
    if (std::find(out.begin(), out.end(), w) == out.end()) out.push_back(w);
  }
  return out;
}
std::vector<int> Numbers(Draw& d, int n) {
  std::vector<int> out;
  for (int i = 0; i < n; ++i) out.push_back(d.Int(1, 30 * d.level));
  return out;
}
Problem Number(std::string text, long answer) {
  return Ask(std::move(text), std::to_string(answer), Check::kNumber);
}
long Letters(const std::string& w, char c) {
  return std::count(w.begin(), w.end(), c);
}

// Training.
Problem Reverse(Draw& d) {
  std::string w = d.Of(Words());
  const std::string prompt = fmt::format("Write the word '{}' backwards.", w);
  std::reverse(w.begin(), w.end());
  return Ask(prompt, w, Check::kText);
}
Problem Largest(Draw& d) {
  const auto n = Numbers(d, 3 + d.level);
  return Number(fmt::format("What is the largest number in [{}]?", fmt::join(n, ", ")),
                *std::max_element(n.begin(), n.end()));
}
Problem CountLetter(Draw& d) {
  const std::string& w = d.Of(Words());
  const char c = w[d.random.Below(w.size())];
  return Number(fmt::format("How many times does the letter '{}' occur in '{}'?", c, w), Letters(w, c));
}
Problem Sort(Draw& d) {
  S words = Some(d, 2 + d.level);
  const std::string prompt = fmt::format("Sort these words from A to Z: {}.", fmt::join(words, ", "));
  std::sort(words.begin(), words.end());
  return Ask(prompt, fmt::format("{}", fmt::join(words, ", ")), Check::kList);
}
Problem FirstWord(Draw& d) {
  const S words = Some(d, 3 + d.level);
  return Ask(fmt::format("Name the first word of: {}.", fmt::join(words, ", ")), words.front(), Check::kText);
}
Problem EndOfList(Draw& d) {
  const S words = Some(d, 3 + d.level);
  return Ask(fmt::format("Here are words: {}. Say the one at the end.", fmt::join(words, ", ")), words.back(),
             Check::kText);
}
Problem Added(Draw& d) {
  const auto n = Numbers(d, 3 + d.level);
  return Number(fmt::format("Add up the numbers in [{}].", fmt::join(n, ", ")),
                std::accumulate(n.begin(), n.end(), 0L));
}
Problem Least(Draw& d) {
  const auto n = Numbers(d, 3 + d.level);
  return Number(fmt::format("Which number in [{}] is the least?", fmt::join(n, ", ")),
                *std::min_element(n.begin(), n.end()));
}
Problem Greatest(Draw& d) {
  const auto n = Numbers(d, 3 + d.level);
  return Number(fmt::format("Take the greatest of the numbers: {}.", fmt::join(n, ", ")),
                *std::max_element(n.begin(), n.end()));
}
Problem HowManyWords(Draw& d) {
  const S words = Some(d, 2 + d.level + d.Int(0, 2));
  return Number(fmt::format("How many words stand here: {}?", fmt::join(words, ", ")),
                static_cast<long>(words.size()));
}
Problem LetterCount(Draw& d) {
  const std::string w = d.Of(Words()) + (d.level > 1 ? d.Of(Words()) : "");
  return Number(fmt::format("Count all the letters of the word '{}'.", w), static_cast<long>(w.size()));
}
Problem Upper(Draw& d) {
  const std::string& w = d.Of(Words());
  std::string upper = w;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return Ask(fmt::format("Put '{}' into capital letters.", w), upper, Check::kText);
}

// Test.
Problem Last(Draw& d) {
  const S words = Some(d, 3 + d.level);
  return Ask(fmt::format("Which word stands last in this list: {}?", fmt::join(words, ", ")), words.back(),
             Check::kText);
}
Problem Smallest(Draw& d) {
  const auto n = Numbers(d, 3 + d.level);
  return Number(fmt::format("Find the smallest of these numbers: {}.", fmt::join(n, ", ")),
                *std::min_element(n.begin(), n.end()));
}
Problem Length(Draw& d) {
  const std::string w = d.Of(Words()) + (d.level > 1 ? d.Of(Words()) : "");
  return Number(fmt::format("How many letters has '{}'?", w), static_cast<long>(w.size()));
}
Problem Capitals(Draw& d) {
  std::string w = d.Of(Words());
  std::string upper = w;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::reverse(upper.begin(), upper.end());
  return Ask(fmt::format("Spell '{}' in reverse, in capital letters.", w), upper, Check::kText);
}

}  // namespace

Family StringsFamily() {
  return {"strings",
          "strings and lists",
          {Reverse, Largest, CountLetter, Sort, FirstWord, EndOfList, Added, Least, Greatest, HowManyWords,
           LetterCount, Upper},
          {Last, Smallest, Length, Capitals}};
}

}  // namespace baton::arena
