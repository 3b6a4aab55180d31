#include "learn/off_policy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace baton::learn {
namespace {

// A world of three workers; the log's policy prefers one, the target another.
constexpr double kQuality[] = {0.4, 0.6, 0.8}, kLogs[] = {0.7, 0.2, 0.1}, kTarget[] = {0.1, 0.3, 0.6};

std::vector<LoggedDecision> Simulate(std::size_t rows, std::uint64_t seed, double model_error = 0.1) {
  Random random(seed);
  std::vector<LoggedDecision> log;
  for (std::size_t i = 0; i < rows; ++i) {
    const double u = random.Unit(), hard = random.Unit() * 0.4 - 0.2;
    const std::size_t a = u < kLogs[0] ? 0 : u < kLogs[0] + kLogs[1] ? 1 : 2;
    LoggedDecision d;
    d.propensity = kLogs[a];
    d.target = kTarget[a];
    d.reward = random.Unit() < kQuality[a] + hard;
    d.model_logged = kQuality[a] + hard + model_error;
    for (std::size_t b = 0; b < 3; ++b) d.model_target += kTarget[b] * (kQuality[b] + hard + model_error);
    log.push_back(d);
  }
  return log;
}

constexpr double kTruth = 0.1 * 0.4 + 0.3 * 0.6 + 0.6 * 0.8;

TEST(OffPolicy, ThreeEstimatesAgreeWithTheTruth) {
  auto e = EstimateOffPolicy(Simulate(50'000, 1), {});
  ASSERT_TRUE(e);
  for (const Interval& i : {e->ips, e->snips, e->dr}) {
    EXPECT_NEAR(i.value, kTruth, 0.02);
    EXPECT_LT(i.low, i.value);
    EXPECT_GT(i.high, i.value);
  }
  EXPECT_NEAR(e->mean_weight, 1, 0.03);
  EXPECT_LT(e->dr.high - e->dr.low, e->ips.high - e->ips.low);
}

TEST(OffPolicy, IntervalsCoverTheTruthAsOftenAsTheySay) {
  int covered[3] = {};
  constexpr int kLogsRun = 400;
  for (int i = 0; i < kLogsRun; ++i) {
    auto e = EstimateOffPolicy(Simulate(800, 100 + static_cast<std::uint64_t>(i)), {});
    ASSERT_TRUE(e) << e.error().message;
    const Interval all[] = {e->ips, e->snips, e->dr};
    for (int k = 0; k < 3; ++k) covered[k] += all[k].low <= kTruth && kTruth <= all[k].high;
  }
  // Three standard errors around 95 %.
  for (int c : covered) EXPECT_NEAR(c / static_cast<double>(kLogsRun), 0.95, 0.033);
}

TEST(OffPolicy, AWrongModelLeavesTheDoublyRobustEstimateRight) {
  auto e = EstimateOffPolicy(Simulate(50'000, 2, 0.5), {});
  ASSERT_TRUE(e);
  EXPECT_NEAR(e->dr.value, kTruth, 0.02);
}

TEST(OffPolicy, WithoutPropensitiesThereIsNoEstimate) {
  auto log = Simulate(1000, 3);
  log[17].propensity = 0;
  EXPECT_EQ(EstimateOffPolicy(log, {}).error().Name(), "propensity_missing");
  log[17].propensity = std::nan("");
  EXPECT_EQ(EstimateOffPolicy(log, {}).error().Name(), "propensity_missing");
}

TEST(OffPolicy, AFewRowsCarryingAllTheWeightAreNoSample) {
  EXPECT_EQ(EstimateOffPolicy(Simulate(60, 4), {}).error().Name(), "effective_sample_too_small");
  EXPECT_EQ(EstimateOffPolicy({}, {}).error().Name(), "effective_sample_too_small");
  auto log = Simulate(1000, 5);
  for (auto& d : log) d.target = 0;
  for (int i = 0; i < 20; ++i) log[static_cast<std::size_t>(i)].target = 1;
  EXPECT_EQ(EstimateOffPolicy(log, {}).error().Name(), "effective_sample_too_small");
}

TEST(OffPolicy, WhatTheLogNeverTriedIsSaidToBeUnknown) {
  // A log of rules: everything with propensity 1. The target would go elsewhere half of the time.
  std::vector<LoggedDecision> log(1000);
  for (std::size_t i = 0; i < log.size(); ++i) log[i] = {1, i % 2 ? 1.0 : 0.0, 1, 0.5, 0.5};
  EXPECT_EQ(EstimateOffPolicy(log, {}).error().Name(), "support_missing");
}

TEST(OffPolicy, RewardsOutsideTheirRangeAreRefused) {
  auto log = Simulate(1000, 6);
  log[3].reward = 1.5;
  EXPECT_EQ(EstimateOffPolicy(log, {}).error().Name(), "bad_row");
}

TEST(OffPolicy, QuantilesAreStudentsT) {
  EXPECT_NEAR(StudentQuantile(0.95, 1e9), 1.95996, 1e-4);
  EXPECT_NEAR(StudentQuantile(0.95, 10), 2.2281, 3e-3);
  EXPECT_NEAR(StudentQuantile(0.95, 100), 1.9840, 1e-3);
  EXPECT_NEAR(StudentQuantile(0.90, 30), 1.6973, 1e-3);
}

}  // namespace
}  // namespace baton::learn
