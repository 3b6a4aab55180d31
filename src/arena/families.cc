#include "arena/families.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::arena {
namespace {

std::uint64_t Mix(std::uint64_t seed, std::string_view text) {
  std::uint64_t h = 1469598103934665603ULL ^ seed;
  for (const unsigned char c : text) h = (h ^ c) * 1099511628211ULL;
  return h;
}

}  // namespace

const std::vector<Family>& Families() {
  static const std::vector<Family> kFamilies = {WordsFamily(),   UnitsFamily(), TablesFamily(), DocumentsFamily(),
                                                StringsFamily(), CodeFamily(),  LogicFamily()};
  return kFamilies;
}

Result<std::vector<Problem>> Generate(const GenerateOptions& o, const World& world) {
  if (o.split != "train" && o.split != "test")
    return Fail(Code::kInvalidRequest, fmt::format("there is no split '{}'; known: train, test", o.split), "unknown_split");
  std::vector<const Family*> families;
  for (const auto& f : Families()) {
    const bool wanted =
        o.families.empty() || std::find(o.families.begin(), o.families.end(), f.name) != o.families.end();
    if (wanted) families.push_back(&f);
  }
  if (families.empty() || (!o.families.empty() && families.size() != o.families.size()))
    return Fail(Code::kInvalidRequest, "a family is not known; see `baton env --list`", "unknown_family");
  std::vector<Problem> out;
  for (int i = 0; i < o.count; ++i) {
    const Family& f = *families[static_cast<std::size_t>(i) % families.size()];
    Random random(Mix(o.seed + static_cast<std::uint64_t>(i) * 1000003, fmt::format("{}/{}", f.name, o.split)));
    const auto& forms = o.split == "train" ? f.train : f.test;
    const auto form = random.Below(forms.size());
    Draw draw{random, 1, world};
    draw.level = draw.Int(o.easiest, o.hardest);
    Problem p = forms[form](draw);
    p.family = f.name;
    p.split = o.split;
    p.form = static_cast<int>(form);
    p.difficulty = draw.level;
    p.id = fmt::format("{}/{}/{}/{}", f.name, o.split, o.seed, i);
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace baton::arena
