// Inside text/: the rows of the lexicon. Adding words is all it takes to teach a task, a domain or a
// language.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "text/lexicon.h"

namespace baton::text {

enum Group : std::uint8_t { kTask, kDomain, kLang, kHard, kEasy, kJson, kTests };

// Words separated by spaces; "how_many" is a pair of neighbours (of more than two words the first two count).
// Lower case in ASCII; other letters as people write them.
struct Row {
  Group group;
  int index;
  int weight;
  std::string_view words;
};

constexpr int I(Task t) {
  return static_cast<int>(t);
}
constexpr int I(Domain d) {
  return static_cast<int>(d);
}
constexpr int I(Lang l) {
  return static_cast<int>(l);
}

std::span<const Row> TaskRows();   // lexicon_tasks.cc
std::span<const Row> TopicRows();  // lexicon_topics.cc: domains, effort, JSON, tests, languages

}  // namespace baton::text
