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

Result<std::vector<const Family*>> Wanted(const GenerateOptions& o) {
  if (o.split != "train" && o.split != "test")
    return Fail(Code::kInvalidRequest, fmt::format("there is no split '{}'; known: train, test", o.split),
                "unknown_split");
  if (o.easiest < 1 || o.easiest > o.hardest || o.hardest > 3)
    return Fail(Code::kInvalidRequest, "difficulty lies between 1 and 3, the easiest first",
                "bad_difficulty");
  std::vector<const Family*> out;
  for (const auto& f : Families()) {
    const bool wanted =
        o.families.empty() || std::find(o.families.begin(), o.families.end(), f.name) != o.families.end();
    if (wanted) out.push_back(&f);
  }
  if (!o.families.empty() && out.size() != o.families.size()) {
    std::vector<std::string_view> known;
    for (const auto& f : Families()) known.push_back(f.name);
    return Fail(Code::kInvalidRequest,
                fmt::format("a family is not known; there are: {}", fmt::join(known, ", ")),
                "unknown_family");
  }
  return out;
}

}  // namespace

const std::vector<Family>& Families() {
  static const std::vector<Family> kFamilies = {WordsFamily(),     UnitsFamily(),   TablesFamily(),
                                                DocumentsFamily(), StringsFamily(), CodeFamily(),
                                                LogicFamily()};
  return kFamilies;
}

Result<Problem> GenerateOne(const GenerateOptions& o, std::uint64_t index, const World& world) {
  TRY(const auto families, Wanted(o));
  const Family& f = *families[index % families.size()];
  Random random(Mix(o.seed + index * 1'000'003, fmt::format("{}/{}", f.name, o.split)));
  const auto& forms = o.split == "train" ? f.train : f.test;
  const auto form = random.Below(forms.size());
  Draw draw{random, 1, world};
  draw.level = draw.Int(o.easiest, o.hardest);
  Problem p = forms[form](draw);
  p.family = f.name;
  p.split = o.split;
  p.form = static_cast<int>(form);
  p.difficulty = draw.level;
  p.id = fmt::format("{}/{}/{}/{}", f.name, o.split, o.seed, index);
  return p;
}

Result<std::vector<Problem>> Generate(const GenerateOptions& o, const World& world) {
  TRY_VOID(Wanted(o));
  std::vector<Problem> out;
  for (int i = 0; i < o.count; ++i) {
    TRY(Problem p, GenerateOne(o, static_cast<std::uint64_t>(i), world));
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace baton::arena
