// Every expected number here is worked out by hand, in the comment beside it.
#include "evaluate/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace baton::evaluate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Hull, LeavesOutWhatAMixOfOthersBeats) {
  // From (1, .4) to (4, .7) a mix gives .5 at 2 and .6 at 3: the point (2, .45) is under the line, (3, .68)
  // above it.
  const std::vector<Point> p = {{1, .4}, {2, .45}, {3, .68}, {4, .7}};
  EXPECT_THAT(Hull(p), ElementsAre(0, 2, 3));
}

TEST(Hull, NeverFallsAndTakesTheBestOfEqualCosts) {
  const std::vector<Point> p = {{1, .5}, {1, .6}, {2, .55}, {3, .9}, {4, .8}};
  EXPECT_THAT(Hull(p), ElementsAre(1, 3));
  EXPECT_THAT(Hull(std::vector<Point>{}), IsEmpty());
}

TEST(MixAt, SplitsTheBudgetBetweenTwoNeighbours) {
  const std::vector<Point> p = {{1, .4}, {3, .8}};
  const auto hull = Hull(p);
  // 1.5 = 3/4 x 1 + 1/4 x 3, so .4 + 1/4 x .4 = .5.
  const auto mix = MixAt(p, hull, 1.5);
  ASSERT_TRUE(mix);
  EXPECT_DOUBLE_EQ(mix->share, 0.25);
  EXPECT_DOUBLE_EQ(QualityOf(p, *mix), 0.5);
  EXPECT_DOUBLE_EQ(CostOf(p, *mix), 1.5);
}

TEST(MixAt, SpendsNoMoreThanHelpsAndRefusesWhatCannotBeHad) {
  const std::vector<Point> p = {{1, .4}, {3, .8}};
  const auto hull = Hull(p);
  const auto rich = MixAt(p, hull, 10);
  ASSERT_TRUE(rich);
  EXPECT_DOUBLE_EQ(CostOf(p, *rich), 3);
  EXPECT_FALSE(MixAt(p, hull, 0.5));
}

TEST(Aiq, IsTheMeanHeightOfTheHull) {
  // Over [1, 5]: a slope from .4 to .8 on [1, 3] (mean .6), then flat at .8: (2 x .6 + 2 x .8) / 4 = .7.
  const std::vector<Point> p = {{1, .4}, {3, .8}};
  EXPECT_DOUBLE_EQ(Aiq(p, Hull(p), 1, 5), 0.7);
  // A part of the slope only: on [2, 3] from .6 to .8.
  EXPECT_DOUBLE_EQ(Aiq(p, Hull(p), 2, 3), 0.7);
  // Below the cheap end the cheapest point counts: ([0, 1] at .4, [1, 3] at .6) / 3.
  EXPECT_NEAR(Aiq(p, Hull(p), 0, 3), (0.4 + 1.2) / 3, 1e-12);
}

TEST(CostToReach, ReadsTheHullBackwards) {
  const std::vector<Point> p = {{1, .4}, {3, .8}};
  EXPECT_DOUBLE_EQ(*CostToReach(p, Hull(p), 0.5), 1.5);
  EXPECT_DOUBLE_EQ(*CostToReach(p, Hull(p), 0.3), 1);
  EXPECT_FALSE(CostToReach(p, Hull(p), 0.81));
}

TEST(Apgr, OfACoinIsAHalfAndOfAGoodRouterMore) {
  // Weak .2, strong .6. A coin at half the calls recovers half the gap.
  EXPECT_DOUBLE_EQ(Apgr({{.5, .4}}, .2, .6), 0.5);
  // Three quarters of the gap at half the calls: .5 x .375 + .5 x .875 = .625.
  EXPECT_DOUBLE_EQ(Apgr({{.5, .5}}, .2, .6), 0.625);
  EXPECT_DOUBLE_EQ(Apgr({}, .2, .6), 0.5);
}

TEST(Cpt, IsWhereTheLineCrosses) {
  // Recovered .75 at .5; the line from (0, 0) reaches .5 at 1/3, and from (.5, .75) to (1, 1) reaches .8 at
  // .6.
  EXPECT_DOUBLE_EQ(Cpt({{.5, .5}}, .2, .6, 0.5), 1.0 / 3);
  EXPECT_DOUBLE_EQ(Cpt({{.5, .5}}, .2, .6, 0.8), 0.6);
}

TEST(Quantile, InterpolatesAndKeepsInfinityOut) {
  std::vector<double> v = {4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(Quantile(v, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(Quantile(v, 1), 4);
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<double> some = {1, inf, inf};
  EXPECT_EQ(Quantile(some, 0.9), inf);
  EXPECT_EQ(Quantile(some, 0), 1);
  std::vector<double> none;
  EXPECT_TRUE(std::isnan(Quantile(none, 0.5)));
}

}  // namespace
}  // namespace baton::evaluate
