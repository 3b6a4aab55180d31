#include "learn/choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.h"

namespace baton::learn {
namespace {

const std::vector<Option> kTeam = {
    {0.62, 0.05, 0.0002}, {0.70, 0.08, 0.0010}, {0.74, 0.02, 0.0040}, {0.40, 0.20, 0}};
const ChoiceSettings kSettings{.value_usd = 0.02, .floor = 0.02, .width = 1};

double Normal(Random& random) {
  const double u = 1 - random.Unit(), v = random.Unit();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * M_PI * v);
}

TEST(Choice, ProbabilitiesAreThoseOfThompsonSampling) {
  ChoiceSettings s = kSettings;
  s.floor = 0;
  const Choice c = Distribution(kTeam, s, 1);
  Random random(7);
  std::vector<double> wins(kTeam.size(), 0);
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    std::size_t best = 0;
    double top = -1e9;
    for (std::size_t a = 0; a < kTeam.size(); ++a) {
      const double u =
          (kTeam[a].quality + kTeam[a].spread * Normal(random)) * s.value_usd - kTeam[a].cost_usd;
      if (u > top) top = u, best = a;
    }
    wins[best] += 1.0 / kDraws;
  }
  for (std::size_t a = 0; a < kTeam.size(); ++a) EXPECT_NEAR(c.probability[a], wins[a], 0.01) << a;
}

TEST(Choice, WhatIsDrawnIsDrawnWithItsPropensity) {
  const Choice c = Distribution(kTeam, kSettings, 1);
  EXPECT_NEAR(std::accumulate(c.probability.begin(), c.probability.end(), 0.0), 1, 1e-12);
  std::vector<double> picked(kTeam.size(), 0);
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i)
    picked[Choose(kTeam, kSettings, 1, MixKeys(3, static_cast<std::uint64_t>(i))).picked] += 1.0 / kDraws;
  for (std::size_t a = 0; a < kTeam.size(); ++a) {
    EXPECT_NEAR(picked[a], c.probability[a], 4 * std::sqrt(0.25 / kDraws)) << a;
    EXPECT_GE(c.probability[a], kSettings.floor / static_cast<double>(kTeam.size())) << a;
  }
}

TEST(Choice, WhoOptedOutGetsTheBestKnownForCertain) {
  for (std::uint64_t key = 0; key < 1000; ++key) {
    const Choice c = Choose(kTeam, kSettings, -1, key);
    EXPECT_EQ(c.picked, c.greedy);
    EXPECT_EQ(c.probability[c.picked], 1);
    EXPECT_EQ(c.extra_usd, 0);
  }
}

TEST(Choice, ExploringNeverCostsMoreThanIsLeft) {
  constexpr double kLeft = 0.0005;
  for (std::uint64_t key = 0; key < 20'000; ++key) {
    const Choice c = Choose(kTeam, kSettings, kLeft, key);
    EXPECT_LE(c.extra_usd, kLeft);
    EXPECT_GT(c.probability[c.picked], 0);
  }
  // A cheaper worker may still be tried when nothing is left.
  EXPECT_GT(Distribution(kTeam, kSettings, 0).probability[3], 0);
}

TEST(Choice, SameKeySameChoice) {
  for (std::uint64_t key = 0; key < 100; ++key)
    EXPECT_EQ(Choose(kTeam, kSettings, 1, key).picked, Choose(kTeam, kSettings, 1, key).picked);
}

TEST(Choice, CertainWorkersAreComparedWithoutDividingByZero) {
  const std::vector<Option> sure = {{0.5, 0, 0}, {0.5, 0, 0}, {0.9, 0, 0.5}};
  const Choice c = Distribution(sure, {.value_usd = 1, .floor = 0, .width = 0}, 1);
  EXPECT_NEAR(c.probability[0], 0.5, 1e-3);
  EXPECT_NEAR(c.probability[2], 0, 1e-9);
  for (double p : c.probability) EXPECT_TRUE(std::isfinite(p));
}

TEST(Choice, AllThatIsExploredTogetherIsBounded) {
  const std::vector<Option> options = {{0.6, 0.3, 0.001}, {0.6, 0.3, 0.001}, {0.59, 0.3, 0.001}};
  ChoiceSettings free{.value_usd = 0.01, .floor = 0.01, .width = 1}, bounded = free;
  bounded.most = 0.05;
  const Choice a = Distribution(options, free, 1), b = Distribution(options, bounded, 1);
  EXPECT_GT(1 - a.probability[a.greedy], 0.3);
  EXPECT_NEAR(b.probability[b.greedy], 0.95, 1e-12);
  EXPECT_NEAR(b.probability[0] + b.probability[1] + b.probability[2], 1, 1e-12);
}

}  // namespace
}  // namespace baton::learn
