#include "learn/trust.h"

#include <gtest/gtest.h>

#include "learn/upgrade_limit.h"

namespace baton::learn {
namespace {

TEST(Trust, ADayHoldsSoMuchOfOneTenantAndNoMore) {
  Trust trust({.per_day = 10});
  double day1 = 0, day2 = 0;
  for (int i = 0; i < 100; ++i) day1 += trust.Take("a", 1);
  for (int i = 0; i < 100; ++i) day2 += trust.Take("a", 2);
  EXPECT_EQ(day1, 10);
  EXPECT_EQ(day2, 10);
}

TEST(Trust, FeedbackForAnEarlierDayOpensNoSecondPurse) {
  Trust trust({.per_day = 10});
  for (int i = 0; i < 10; ++i) trust.Take("a", 5);
  EXPECT_EQ(trust.Take("a", 4), 0);
}

TEST(Trust, AloneOnATenantsServerTheShareDoesNotBind) {
  Trust trust({.per_day = 1e9, .share = 0.25, .alone = 5});
  double sum = 0;
  for (int i = 0; i < 1000; ++i) sum += trust.Take("a", 1);
  EXPECT_EQ(sum, 1000);
}

TEST(Trust, AFloodHasAQuarterOfTheWeightAtMost) {
  Trust trust({.per_day = 1e9, .share = 0.25, .alone = 5, .half_life = 1e9});
  double flood = 0, honest = 0;
  for (int i = 0; i < 2000; ++i) {
    for (int j = 0; j < 20; ++j) flood += trust.Take("flood", 1);
    honest += trust.Take("t" + std::to_string(i % 8), 1);
  }
  EXPECT_LE(flood / (flood + honest), 0.26);
  EXPECT_GT(honest, 1900);
}

TEST(Trust, SurvivesWithItsCounts) {
  Trust trust({.per_day = 10});
  for (int i = 0; i < 7; ++i) trust.Take("a b\nc", 3);
  auto loaded = Trust::Load(trust.Save(), {.per_day = 10});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->Save(), trust.Save());
  double rest = 0;
  for (int i = 0; i < 100; ++i) rest += loaded->Take("a b\nc", 3);
  EXPECT_EQ(rest, 3);
  const std::string good = trust.Save();
  for (std::size_t n = 0; n + 1 < good.size(); ++n) EXPECT_FALSE(Trust::Load(good.substr(0, n), {})) << n;
}

TEST(UpgradeLimit, InTheLongRunACallerGetsItsShareOfUpgrades) {
  UpgradeLimit limit({.share = 0.2, .burst = 10});
  double factor = 0;
  int upgrades = 0;
  for (int i = 0; i < 1000; ++i) {
    if (!limit.MayUpgrade("greedy", &factor)) continue;
    limit.Upgraded("greedy");
    ++upgrades;
  }
  EXPECT_NEAR(upgrades, 210, 2);
  EXPECT_TRUE(limit.MayUpgrade("other", &factor));
  EXPECT_EQ(factor, 3);
  limit.Set({.share = 0.2, .burst = 2, .factor = 4});
  int left = 0;
  for (; limit.MayUpgrade("other", &factor) && left < 100; ++left) limit.Upgraded("other");
  EXPECT_LE(left, 3) << "another configuration cuts what was saved up";
  EXPECT_EQ(factor, 4);
}

TEST(UpgradeLimit, MemoryIsBoundedHoweverManyCallersThereAre) {
  UpgradeLimit limit({.share = 0.1, .burst = 1, .max_callers = 4});
  double factor = 0;
  int upgrades = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "c" + std::to_string(i);
    if (limit.MayUpgrade(name, &factor)) limit.Upgraded(name), ++upgrades;
  }
  // Four have entries of their own, the rest share one.
  EXPECT_LT(upgrades, 120);
}

}  // namespace
}  // namespace baton::learn
