// A problem with a known answer, and the one judge of answers that training listens to.
//
// Reward is what this checker says and nothing else. Verifiers (verify/) take part in plans, where a policy
// may please them as it likes: what they accept is not what is counted, so talking one into accepting rubbish
// earns nothing (environment_test.cc shows it).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::arena {

enum class Check {
  kNumber,  // the number the answer ends in, within a hundredth
  kText,    // says the reference as whole words, in at most 60 words, and none of `options` beside it
  kChoice,  // the option letter
  kList,    // the items in order, brackets, quotes and "and" aside
};

struct Problem {
  std::string id;      // unique within family and split; names generator, template and seed
  std::string family;  // "words", "units", ...
  std::string split;   // "train" or "test"
  std::string prompt;
  std::string reference;
  Check check = Check::kText;
  int difficulty = 1;                // 1 to 3
  std::vector<std::string> options;  // kText: the other things it could have said
  int form = 0;                      // which template
};

// 0 or 1. Reads at most the last 4 KB of the answer. Pure.
double Score(const Problem& problem, std::string_view answer);

}  // namespace baton::arena
