#include "train/maths.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace baton::train {
namespace {

TEST(Maths, AdvantagesAreStandardDeviationsFromTheMean) {
  const auto a = Advantages({0, 0.5, 0.5, 1}, 0.05);
  const double spread = std::sqrt((0.25 + 0.25) / 4);
  EXPECT_NEAR(a[0], -0.5 / spread, 1e-12);
  EXPECT_NEAR(a[1], 0, 1e-12);
  EXPECT_NEAR(a[3], 0.5 / spread, 1e-12);
  EXPECT_NEAR(std::accumulate(a.begin(), a.end(), 0.0), 0, 1e-12);
}

TEST(Maths, EqualRewardsTeachNothing) {
  for (const double v : Advantages({0.5, 0.5, 0.5}, 0)) EXPECT_EQ(v, 0);
  EXPECT_TRUE(Advantages({}, 0).empty());
}

TEST(Maths, ACentsDifferenceDoesNotShout) {
  const auto a = Advantages({0.999, 0.998}, 0.05);
  EXPECT_LT(std::abs(a[0]), 0.02);
}

TEST(Maths, RateWarmsUpAndComesDown) {
  EXPECT_DOUBLE_EQ(CosineRate(0, 100, 10, 1), 0.1);
  EXPECT_DOUBLE_EQ(CosineRate(9, 100, 10, 1), 1);
  EXPECT_DOUBLE_EQ(CosineRate(10, 100, 10, 1), 1);
  EXPECT_NEAR(CosineRate(55, 100, 10, 1), 0.55, 1e-9);
  EXPECT_NEAR(CosineRate(100, 100, 10, 1), 0.1, 1e-9);
  for (int i = 11; i < 100; ++i) EXPECT_LT(CosineRate(i, 100, 10, 1), CosineRate(i - 1, 100, 10, 1));
}

TEST(Maths, GapOfEqualListsIsZeroAndDivergenceIsNeverNegative) {
  EXPECT_EQ(GapOf({{-1, -2}}, {{-1, -2}}).mean, 0);
  const Gap g = GapOf({{-1, -2}, {-3}}, {{-1.5F, -2}, {-2}});
  EXPECT_EQ(g.tokens, 3);
  EXPECT_NEAR(g.mean, 0.5, 1e-6);
  EXPECT_NEAR(g.most, 1, 1e-6);
  EXPECT_GT(g.divergence, 0);
}

TEST(Maths, SparkHasOneColumnAValueAndNeverMoreThanAsked) {
  EXPECT_EQ(Spark({0, 1}, 10), "▁█");
  EXPECT_EQ(Spark({1, 1, 1}, 2).size(), 6U);
  EXPECT_EQ(Spark({}, 5), "");
}

}  // namespace
}  // namespace baton::train
