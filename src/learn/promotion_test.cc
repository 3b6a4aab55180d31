#include "learn/promotion.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "learn/choice.h"

namespace baton::learn {
namespace {

const GateOptions kGate;

// A canary over two slices: in "code" the candidate is better, in "maths" worse than what is in place.
Promotion Canary(int rewards, std::uint64_t seed, double share = 0.3) {
  Promotion p;
  EXPECT_TRUE(StartShadow(p, "cand", 1));
  EXPECT_TRUE(StartCanary(p, share, true, 2));
  Random random(seed);
  for (int i = 0; i < rewards; ++i) {
    const Arm arm = ArmOfExchange(p, MixKeys(seed, static_cast<std::uint64_t>(i)));
    const bool code = i % 2 == 0;
    const double quality = arm == Arm::kCandidate ? (code ? 0.9 : 0.4) : arm == Arm::kSingle ? 0.5 : 0.6;
    AddReward(p, arm, code ? "code" : "maths", random.Unit() < quality ? 1 : 0);
  }
  return p;
}

TEST(Promotion, OnlySlicesThatPassTheGateMove) {
  Promotion p = Canary(20'000, 1);
  const auto verdicts = Judge(p, kGate);
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_TRUE(verdicts[0].passes) << verdicts[0].reason;
  EXPECT_FALSE(verdicts[1].passes);
  EXPECT_TRUE(verdicts[1].harms);
  const auto event = GoFull(p, kGate, false, 3);
  ASSERT_TRUE(event);
  EXPECT_EQ(p.in_place, (Placement{{"code", "cand"}}));
  EXPECT_EQ(p.stage, Stage::kFull);
  EXPECT_NE(event->detail.find("maths: worse"), std::string::npos) << event->detail;
}

TEST(Promotion, BetterThanWhatIsInPlaceIsNotEnoughWhereASingleWorkerIsBetterStill) {
  Promotion p;
  ASSERT_TRUE(StartShadow(p, "cand", 1));
  ASSERT_TRUE(StartCanary(p, 0.3, true, 2));
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    const Arm arm = ArmOfExchange(p, MixKeys(2, static_cast<std::uint64_t>(i)));
    const double quality = arm == Arm::kCandidate ? 0.6 : arm == Arm::kSingle ? 0.8 : 0.4;
    AddReward(p, arm, "code", random.Unit() < quality ? 1 : 0);
  }
  EXPECT_GT(Judge(p, kGate)[0].in_place.low, 0);
  EXPECT_EQ(GoFull(p, kGate, false, 3).error().Name(), "gate_closed");
}

TEST(Promotion, ATinyCanaryPassesNothing) {
  Promotion p = Canary(60, 3);
  EXPECT_EQ(GoFull(p, kGate, false, 3).error().Name(), "gate_closed");
  EXPECT_EQ(p.stage, Stage::kCanary);
  EXPECT_TRUE(GoFull(p, kGate, true, 3));
}

TEST(Promotion, EqualPoliciesPassTheGateAsSeldomAsItSays) {
  int passed = 0;
  for (std::uint64_t run = 0; run < 100; ++run) {
    Promotion p;
    ASSERT_TRUE(StartShadow(p, "cand", 1));
    ASSERT_TRUE(StartCanary(p, 0.3, false, 2));
    Random random(1000 + run);
    bool ever = false;
    for (int i = 0; i < 1500 && !ever; ++i) {
      AddReward(p, ArmOfExchange(p, MixKeys(run, static_cast<std::uint64_t>(i))), "code",
                random.Unit() < 0.6);
      if (i % 25 == 0) ever = Judge(p, kGate)[0].passes;
    }
    passed += ever;
  }
  EXPECT_LE(passed, 5);
}

TEST(Promotion, OneStepBackFromAnywhere) {
  Promotion p = Canary(20'000, 4);
  ASSERT_TRUE(GoFull(p, kGate, false, 3));
  ASSERT_TRUE(StartShadow(p, "second", 4));
  ASSERT_TRUE(RollBack(p, "operator", 5));
  EXPECT_EQ(p.in_place.at("code"), "cand") << "a shadow's end leaves what is in place";
  p = Canary(20'000, 4);
  ASSERT_TRUE(GoFull(p, kGate, false, 3));
  ASSERT_TRUE(RollBack(p, "operator", 6));
  EXPECT_TRUE(p.in_place.empty());
  EXPECT_EQ(RollBack(p, "operator", 7).error().Name(), "no_candidate");
}

TEST(Promotion, StepsOutOfOrderAreRefusedAndChangeNothing) {
  Promotion p;
  EXPECT_EQ(StartCanary(p, 0.1, true, 1).error().Name(), "stage_order");
  EXPECT_EQ(GoFull(p, kGate, true, 1).error().Name(), "stage_order");
  ASSERT_TRUE(StartShadow(p, "a", 1));
  EXPECT_EQ(StartCanary(p, 0.5, true, 1).error().Name(), "bad_share");
  EXPECT_EQ(StartCanary(p, 0, true, 1).error().Name(), "bad_share");
  ASSERT_TRUE(StartCanary(p, 0.1, true, 1));
  EXPECT_EQ(StartShadow(p, "b", 1).error().Name(), "canary_running");
  EXPECT_EQ(p.candidate, "a");
}

TEST(Promotion, ArmsHaveTheirShares) {
  Promotion p;
  ASSERT_TRUE(StartShadow(p, "a", 1));
  ASSERT_TRUE(StartCanary(p, 0.1, true, 1));
  int arms[3] = {};
  for (std::uint64_t i = 0; i < 100'000; ++i) ++arms[static_cast<int>(ArmOfExchange(p, MixKeys(9, i)))];
  EXPECT_NEAR(arms[1] / 1e5, 0.1, 0.005);
  EXPECT_NEAR(arms[2] / 1e5, 0.1, 0.005);
}

TEST(Promotion, TextCarriesEveryStage) {
  Promotion p = Canary(500, 5);
  auto back = PromotionFromJson(ToJson(p));
  ASSERT_TRUE(back);
  EXPECT_EQ(ToJson(*back), ToJson(p));
  EXPECT_EQ(Judge(*back, kGate)[0].in_place.low, Judge(p, kGate)[0].in_place.low);
  ASSERT_TRUE(GoFull(p, kGate, true, 3));
  back = PromotionFromJson(ToJson(p));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->in_place, p.in_place);
}

TEST(Promotion, CutTextIsRefused) {
  const std::string text = ToJson(Canary(500, 6));
  for (std::size_t n = 0; n < text.size(); n += 11) EXPECT_FALSE(PromotionFromJson(text.substr(0, n)));
  std::string wrong = text;
  wrong.replace(wrong.find("\"share\":0.3"), 11, "\"share\":7.3");
  // The stage's share is text of the operator; a comparison's share must be a probability.
  wrong.replace(wrong.find("\"share\":0.4"), 11, "\"share\":7.4");
  EXPECT_FALSE(PromotionFromJson(wrong));
}

TEST(Promotion, SlicesAreBoundedHoweverManyTasksCallersName) {
  Promotion p = Canary(0, 7);
  for (int i = 0; i < 1000; ++i) AddReward(p, Arm::kCandidate, "task" + std::to_string(i), 1);
  EXPECT_LE(p.slices.size(), 65U);
}

}  // namespace
}  // namespace baton::learn
