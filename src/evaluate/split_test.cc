#include "evaluate/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "evaluate/near_duplicates.h"

namespace baton::evaluate {
namespace {

using ::testing::ElementsAre;

TEST(NearDuplicates, OneWordChangedInALongTextIsTheSameQuestion) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "word" + std::to_string(i * 7) + " ";
  const std::string other = text + "indeed";
  EXPECT_THAT(NearDuplicates({text, "Something else altogether is asked here", other, "", ""}),
              ElementsAre(0, 1, 0, 3, 4));
}

TEST(NearDuplicates, ASharedPreambleMakesNoDuplicates) {
  std::string preamble;
  for (int i = 0; i < 80; ++i) preamble += "instruction" + std::to_string(i) + " ";
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i)
    texts.push_back(preamble + "How many apples has " + std::to_string(i * 31) + " minus " +
                    std::to_string(i * 17 + 3) + " when sold?");
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto group = NearDuplicates(views);
  EXPECT_EQ(std::set<std::size_t>(group.begin(), group.end()).size(), 100U);
}

TEST(NearDuplicates, EqualShortTextsAreOne) {
  EXPECT_THAT(NearDuplicates({"Why?", "why", "How?"}), ElementsAre(0, 0, 2));
}

OutcomeMatrix Numbered(std::size_t n) {
  OutcomeMatrix m;
  for (std::size_t i = 0; i < n; ++i) {
    m.rows.emplace_back();
    m.rows.back().id = "q" + std::to_string(i);
  }
  return m;
}

TEST(Split, GroupsStayWholeAndSharesAreKept) {
  const auto m = Numbered(4000);
  std::vector<std::size_t> group(m.rows.size());
  for (std::size_t i = 0; i < group.size(); ++i) group[i] = i - i % 4;
  const Split s = MakeSplit(m, group, 0.3, 7);
  EXPECT_NEAR(static_cast<double>(s.train.size()) / 4000, 0.3, 0.05);
  EXPECT_EQ(s.train.size() + s.test.size(), 4000U);
  std::set<std::size_t> trained;
  for (const auto r : s.train) trained.insert(group[r]);
  for (const auto r : s.test) EXPECT_FALSE(trained.contains(group[r]));
}

TEST(Split, FollowsFromIdAndSeedNotFromWhatElseIsInTheFile) {
  auto small = Numbered(50), large = Numbered(100);
  std::vector<std::size_t> own(100);
  for (std::size_t i = 0; i < own.size(); ++i) own[i] = i;
  const Split a = MakeSplit(small, own, 0.5, 3), b = MakeSplit(large, own, 0.5, 3),
              c = MakeSplit(small, own, 0.5, 4);
  for (const auto r : a.train) EXPECT_TRUE(std::count(b.train.begin(), b.train.end(), r));
  EXPECT_NE(a.train, c.train);
}

}  // namespace
}  // namespace baton::evaluate
