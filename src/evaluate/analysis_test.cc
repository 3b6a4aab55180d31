// Tallies and figures against sums done by hand, then against what a simulated set is known to hold.
#include "evaluate/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "evaluate/tally_file.h"
#include "evaluate/test_study.h"

namespace baton::evaluate {
namespace {

using ::testing::ElementsAre;

// Ten blocks of one question each, so that folds are pairs of blocks.
Tally Flat(const std::vector<std::vector<double>>& cost_quality) {
  Tally t;
  t.Resize(10, cost_quality.size());
  for (std::size_t b = 0; b < 10; ++b) {
    t.rows[b] = 1;
    for (std::size_t v = 0; v < cost_quality.size(); ++v) {
      t.cost[b * t.values + v] = static_cast<float>(cost_quality[v][0]);
      t.quality[b * t.values + v] = static_cast<float>(cost_quality[v][1]);
      t.calls[b * t.values + v] = 1;
    }
  }
  return t;
}

TEST(Figures, AreThoseOfTheHandWorkedExample) {
  // Best single .8 at 4, cheapest .4 at 1, dearest .75 at 5. The policy: .5 at 2, .85 at 3.
  const std::vector<Anchors> anchors = {
      {Flat({{4, .8}}), Flat({{1, .4}}), Flat({{5, .75}}), Flat({{1.5, .9}})}};
  const std::vector<Tally> policy = {Flat({{2, .5}, {3, .85}})};
  const Figures f = Compute(policy, anchors, Weights(10, 1), false);
  EXPECT_NEAR(f.quality, .85, 1e-6) << "4 buys no more than the best point, which costs 3";
  EXPECT_NEAR(f.cost, 3, 1e-6);
  EXPECT_NEAR(f.best_cost, 4, 1e-6);
  // The hull goes straight from (1, .4) to (3, .85), over (2, .5). At 50 % of 4 = 2: .625. At 25 % = 1: .4.
  EXPECT_NEAR(f.at_budget[1], .625, 1e-6);
  EXPECT_NEAR(f.at_budget[0], .4, 1e-6);
  // .8 is reached at 1 + 2 x .4 / .45.
  EXPECT_NEAR(f.match, 1 + 2 * .4 / .45, 1e-5);
  EXPECT_NEAR(f.match_share, (1 + 2 * .4 / .45) / 4, 1e-6);
  // Over [1, 5]: 2 at a mean of .625, 2 at .85.
  EXPECT_NEAR(f.aiq, (2 * .625 + 2 * .85) / 4, 1e-6);
  // Over [1, 4].
  EXPECT_NEAR(f.aiq_to_best, (2 * .625 + .85) / 3, 1e-6);
  EXPECT_NEAR(f.oracle_quality, .9, 1e-6);
}

TEST(Figures, AMixIsScoredOnQuestionsThatDidNotChooseIt) {
  // Two points of equal cost; each is good on one half of the blocks (folds 0 and 2 of 5, blocks alternate).
  // Reading the best of both off the same rows would find more than a coin's .5 in each draw that favours
  // one.
  Tally policy;
  policy.Resize(10, 2);
  for (std::size_t b = 0; b < 10; ++b) {
    policy.rows[b] = 1;
    for (std::size_t v = 0; v < 2; ++v) {
      policy.cost[b * 2 + v] = 2;
      // Setting v is right only in fold v + 1 ...
      policy.quality[b * 2 + v] = b % 5 == v + 1 ? 1.0F : 0.0F;
    }
  }
  const std::vector<Anchors> anchors = {{Flat({{2, .5}}), Flat({{1, 0}}), Flat({{2, .5}}), Flat({{1, 1}})}};
  const Figures f = Compute({policy}, anchors, Weights(10, 1), false);
  // With fold 1 left out setting 0 has no right answer left, so setting 1 is chosen, which is wrong in fold
  // 1; and the other way round. In the other folds both are wrong.
  EXPECT_NEAR(f.quality, 0, 1e-6);
}

TEST(Figures, WhatCannotBeHadForTheMoneyIsNotANumber) {
  const std::vector<Anchors> anchors = {{Flat({{1, .8}}), Flat({{.5, .4}}), Flat({{2, .5}}), Flat({{1, 1}})}};
  const Figures f = Compute({Flat({{3, .9}})}, anchors, Weights(10, 1), false);
  EXPECT_TRUE(std::isnan(f.at_budget[0])) << "a quarter of 1 is less than the cheapest worker";
  EXPECT_FALSE(std::isnan(f.at_budget[1]));
  const Figures never = Compute({Flat({{3, .7}})}, anchors, Weights(10, 1), false);
  EXPECT_TRUE(std::isnan(never.match));
}

TEST(Figures, OfTwoWorkersCountStrongCalls) {
  Tally policy = Flat({{2, .5}});
  for (float& x : policy.best_calls) x = 0.5F;
  const std::vector<Anchors> anchors = {{Flat({{4, .6}}), Flat({{1, .2}}), Flat({{4, .6}}), Flat({{1, 1}})}};
  const Figures f = Compute({policy}, anchors, Weights(10, 1), true);
  EXPECT_NEAR(f.apgr, .625, 1e-6);
  EXPECT_NEAR(f.cpt50, 1.0 / 3, 1e-6);
}

TEST(Bootstrap, EqualPoliciesDifferByNothingInEveryDraw) {
  const std::vector<Anchors> anchors = {
      {Flat({{4, .8}}), Flat({{1, .4}}), Flat({{5, .75}}), Flat({{1.5, .9}})}};
  Blocks blocks;
  blocks.slice_of.assign(10, 0);
  const std::vector<Tally> policy = {Flat({{2, .5}, {3, .85}})};
  const auto a = Bootstrap(policy, anchors, blocks, -1, 50, 7, false),
             b = Bootstrap(policy, anchors, blocks, -1, 50, 7, false);
  for (std::size_t d = 0; d < a.size(); ++d) EXPECT_EQ(a[d].aiq, b[d].aiq);
}

TEST(Interval, CoversAKnownMeanAsOftenAsItSays) {
  // 200 studies of 60 coins each; each interval of the mean should hold .5 in about 95 % of them.
  Random random(5);
  int covered = 0;
  for (int study = 0; study < 200; ++study) {
    Tally t;
    t.Resize(60, 1);
    for (std::size_t b = 0; b < 60; ++b) {
      t.rows[b] = 1;
      t.cost[b] = 1;
      t.quality[b] = random.Unit() < 0.5 ? 1.0F : 0.0F;
    }
    Blocks blocks;
    blocks.slice_of.assign(60, 0);
    const std::vector<Anchors> anchors = {{t, t, t, t}};
    std::vector<double> draws;
    for (const Figures& f :
         Bootstrap({t}, anchors, blocks, -1, 200, static_cast<std::uint64_t>(study), false))
      draws.push_back(f.best_quality);
    const Interval i = IntervalOf(draws);
    covered += i.low <= 0.5 && 0.5 <= i.high;
  }
  EXPECT_GE(covered, 180);
  EXPECT_LE(covered, 199);
}

TEST(Interval, NeverIsBeyondEveryNumber) {
  std::vector<double> draws(100, 0.5);
  for (std::size_t i = 0; i < 10; ++i) draws[i] = std::nan("");
  const Interval i = IntervalOf(draws);
  EXPECT_EQ(i.low, 0.5);
  EXPECT_TRUE(std::isinf(i.high));
}

TEST(Blocks, KeepSlicesApartAndDuplicatesTogether) {
  auto m = Simulated(300);
  std::vector<std::size_t> group(m.rows.size());
  for (std::size_t i = 0; i < group.size(); ++i) group[i] = i;
  group[5] = 2;
  m.rows[5].slice = m.rows[2].slice;
  const Blocks blocks = MakeBlocks(m, group, 60);
  EXPECT_EQ(blocks.of_row[5], blocks.of_row[2]);
  EXPECT_THAT(blocks.slices, testing::UnorderedElementsAre("easy", "hard"));
  for (std::size_t r = 0; r < m.rows.size(); ++r)
    EXPECT_EQ(blocks.slices[blocks.slice_of[blocks.of_row[r]]], m.rows[r].slice);
  EXPECT_NEAR(static_cast<double>(blocks.size()), 60, 2);
}

TEST(Blocks, ManySmallSlicesAreOne) {
  auto m = Simulated(200);
  for (std::size_t r = 0; r < m.rows.size(); ++r) m.rows[r].slice = "s" + std::to_string(r % 50);
  std::vector<std::size_t> group(m.rows.size());
  for (std::size_t i = 0; i < group.size(); ++i) group[i] = i;
  EXPECT_EQ(MakeBlocks(m, group, 60, 8).slices.size(), 8U);
  EXPECT_EQ(MakeBlocks(m, group, 60, 8).slices.back(), "other");
}

TEST(TallyFile, GoesOnWhereItWasCutShort) {
  const auto path = (std::filesystem::temp_directory_path() / "baton_tally_test.parts").string();
  std::filesystem::remove(path);
  const Tally one = Flat({{1, .5}, {2, .75}}), two = Flat({{3, .25}});
  {
    TallyFile file;
    ASSERT_TRUE(file.Open(path, "study"));
    file.Add("one", one);
    file.Add("two", two);
    ASSERT_TRUE(file.Check());
  }
  // Killed in the middle of a record: for every length of the file what is whole is found, and nothing else.
  const auto whole = std::filesystem::file_size(path);
  for (auto size = whole; size > whole - PackTally(two).size() - 5; size -= 17) {
    std::filesystem::resize_file(path, size);
    TallyFile file;
    Tally found;
    ASSERT_TRUE(file.Open(path, "study"));
    EXPECT_TRUE(file.Find("one", found));
    EXPECT_EQ(found.quality, one.quality);
    EXPECT_EQ(file.Find("two", found), size == whole);
  }
  TallyFile other;
  Tally found;
  ASSERT_TRUE(other.Open(path, "another study"));
  EXPECT_FALSE(other.Find("one", found)) << "parts of another study are of no use";
  std::filesystem::remove(path);
}

TEST(TallyFile, PacksWhatItUnpacksAndRefusesTheRest) {
  Tally t = Flat({{1, .5}});
  t.calibration.resize(10);
  t.calibration[3].cells = 7;
  t.decide_p99_us = 12.5;
  const std::string bytes = PackTally(t);
  Tally back;
  ASSERT_TRUE(UnpackTally(bytes, back));
  EXPECT_EQ(back.calibration[3].cells, 7);
  EXPECT_EQ(back.decide_p99_us, 12.5);
  for (std::size_t n = 0; n < bytes.size(); n += 7) EXPECT_FALSE(UnpackTally(bytes.substr(0, n), back));
  Tally skipped;
  skipped.skipped = "no answers";
  ASSERT_TRUE(UnpackTally(PackTally(skipped), back));
  EXPECT_EQ(back.skipped, "no answers");
}

}  // namespace
}  // namespace baton::evaluate
