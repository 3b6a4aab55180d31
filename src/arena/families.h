// Families of generated problems: templates, difficulty, seeds; training and test share no template, no table
// and no document.
//
// A family is a file family_*.cc that knows how to fill its templates; the templates of "train" and of "test"
// are two lists. So what is measured on test is whether a policy has learned the kind of problem, not the
// wording.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "arena/problem.h"
#include "base/random.h"
#include "base/result.h"
#include "exact/worker.h"

namespace baton::arena {

// Tables and documents that problems of one split speak of; exact workers hold them.
struct World {
  std::vector<exact::Table> tables;
  std::vector<exact::Document> documents;
  // Facts behind the documents: subject, keeper of it, and where the keeper lives.
  struct Fact {
    std::string subject, keeper, home, item;
  };
  std::vector<Fact> facts;
};
World MakeWorld(std::string_view split, std::uint64_t seed);
// Both splits together: what a pool that serves training and test holds. No name occurs in both.
World Merge(World a, const World& b);
// As folders `tables` (CSV) and `documents` (text) under `folder`. kInternal.
Status WriteWorld(const World& world, const std::string& folder);

struct GenerateOptions {
  std::string split = "train";
  std::uint64_t seed = 1;
  int count = 64;                     // in all, the families taking turns
  std::vector<std::string> families;  // empty: all
  int easiest = 1, hardest = 3;
};
// The same options give the same problems, on every machine. kInvalidRequest "unknown_family",
// "unknown_split".
Result<std::vector<Problem>> Generate(const GenerateOptions& options, const World& world);
// The one at `index` of that list, however long it is.
Result<Problem> GenerateOne(const GenerateOptions& options, std::uint64_t index, const World& world);

// What a template draws from. `level` is the difficulty.
struct Draw {
  Random& random;
  int level = 1;
  const World& world;
  int Int(int from, int to) {
    return from + static_cast<int>(random.Below(static_cast<std::uint64_t>(to - from + 1)));
  }
  template <class T>
  const T& Of(const std::vector<T>& list) {
    return list[random.Below(list.size())];
  }
};
// Fills a template: prompt, reference, check, options.
using Form = Problem (*)(Draw&);
struct Family {
  std::string_view name, doc;
  std::vector<Form> train, test;
};
const std::vector<Family>& Families();

// One per file.
Family WordsFamily();
Family UnitsFamily();
Family TablesFamily();
Family DocumentsFamily();
Family StringsFamily();
Family CodeFamily();
Family LogicFamily();

// A problem's three main parts in one line.
inline Problem Ask(std::string prompt, std::string reference, Check check) {
  Problem p;
  p.prompt = std::move(prompt);
  p.reference = std::move(reference);
  p.check = check;
  return p;
}

}  // namespace baton::arena
