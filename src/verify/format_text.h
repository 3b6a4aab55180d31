// The outer form a question asks for, and whether a text has it. Pure; bounded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baton::verify {

struct FormatAsked {
  bool json = false, code = false, table = false, bullets = false, yes_or_no = false;
  std::optional<int> items, min_words, max_words, min_sentences, max_sentences;
  bool empty() const {
    return !json && !code && !table && !bullets && !yes_or_no && !items && !min_words && !max_words &&
           !min_sentences && !max_sentences;
  }
};
// Reads English requests: "list three reasons", "at most 50 words", "in one word", "as a markdown table",
// "answer with yes or no". Looks at the last 8 KB. What it does not understand it leaves out.
FormatAsked ReadFormat(std::string_view question);

// What is wrong with the first thing that is, in words of ours; empty: all is as asked.
std::string FormatProblem(const FormatAsked& asked, std::string_view answer);

int CountItems(std::string_view text);  // of a list at its outermost level; lines where there is no list
int CountWords(std::string_view text);  // code and list marks aside
int CountSentences(std::string_view text);

}  // namespace baton::verify
