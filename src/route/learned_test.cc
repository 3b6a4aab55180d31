// What traffic and operators change while a configuration serves: exploring, candidates, promoted slices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "learn/teacher.h"
#include "route/router_fixture.h"

namespace baton::route {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kDay = 24LL * 3600 * 1'000'000'000;

class LearnedTest : public RouterTest {
 protected:
  LearnedTest() { LearnedRule(); }
  // As the server holds it, purses full.
  void Share(learn::UpgradeOptions upgrades = {}) {
    learnt.regime.choice = {.value_usd = settings.value_usd, .floor = 0.02, .width = 1};
    share =
        std::make_shared<LearnedShare>(learnt, learn::Live::Caps{{1'000'000'000'000}, {0}, {}, {}, upgrades});
    if (auto due = share->live.explore().Due(5 * kDay)) share->live.explore().Apply(*due);
  }
  Route Live(const std::string& prompt, std::uint64_t exchange, const std::string& name = "baton") {
    asking = {Asking::How::kLive, exchange};
    auto r = Choose(prompt, name);
    EXPECT_TRUE(r) << r.error().message;
    return std::move(*r);
  }
  // Knows that the cheap worker can do everything.
  std::string AddCandidate() {
    auto good = MakeModel(*featurizer, true);
    learnt.models[good->version] = good;
    return good->version;
  }
  learn::Noted NotedOf(const Route& r) { return learn::NotedFromText(r.learned()).value_or(learn::Noted{}); }
  Learnt learnt;
};

TEST_F(LearnedTest, PropensitiesOfWhatIsDrawnAreItsFrequencies) {
  settings.value_usd = 0.001;
  learnt.regime.explore = true;
  Share();
  int smol_first = 0;
  double said = -1;
  constexpr int kN = 4000;
  for (int i = 0; i < kN; ++i) {
    const Route r = Live(Story(3), static_cast<std::uint64_t>(i));
    const bool is_smol = r.candidates().front() == smol.get();
    smol_first += is_smol;
    const double p = is_smol ? r.propensity() : 1 - r.propensity();
    if (said >= 0) {
      ASSERT_NEAR(p, said, 1e-9);
    }
    said = p;
    ASSERT_EQ(r.candidates().size(), 2U) << "the other stands behind";
    EXPECT_EQ(NotedOf(r).explored, r.reason().find("exploring") != std::string::npos);
  }
  EXPECT_NEAR(smol_first / double{kN}, said, 0.02);
}

TEST_F(LearnedTest, WhoOptedOutIsNeverExploredWith) {
  learnt.regime.explore = true;
  learnt.regime.choice.floor = 0.5;
  Share();
  controls.explore = false;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Route r = Live(Story(1), i);
    EXPECT_EQ(r.propensity(), 1);
    EXPECT_TRUE(NotedOf(r).quiet);
  }
  controls.explore = true;
  learnt.regime.quiet_tenants = {"local"};
  Share();
  for (std::uint64_t i = 0; i < 300; ++i) EXPECT_EQ(Live(Story(1), i).propensity(), 1);
  learnt.regime.quiet_tenants = {};
  learnt.regime.quiet_classes = {"internal"};
  Share();
  for (std::uint64_t i = 0; i < 300; ++i) EXPECT_EQ(Live(Story(1), i).propensity(), 1);
}

TEST_F(LearnedTest, NothingDrawnGoesOverTheCeilingOrWhereRailsForbid) {
  learnt.regime.explore = true;
  learnt.regime.choice.floor = 0.9;
  Share();
  controls.max_cost = budget::Nanos{100'000};  // a hundredth of a cent: the large one never fits
  for (std::uint64_t i = 0; i < 200; ++i) EXPECT_EQ(Live(Story(1), i).candidates().front(), smol.get());
  controls.max_cost.reset();
  asking = {Asking::How::kLive, 1};
  for (std::uint64_t i = 0; i < 200; ++i) {
    asking.exchange = i;
    auto r = Choose(Story(1), "baton", {"personal"});
    ASSERT_TRUE(r);
    EXPECT_EQ(r->candidates().size(), 1U) << "the large one may not see personal data";
  }
}

TEST_F(LearnedTest, ADryRunIsInNoExperiment) {
  learnt.regime.explore = true;
  learnt.regime.choice.floor = 0.9;
  Share();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(First(Story(2)), "large");
}

TEST_F(LearnedTest, AReplayDrawsWhatTheLiveDecisionDrew) {
  settings.value_usd = 0.001;
  learnt.regime.explore = true;
  Share();
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Route live = Live(Story(3), i);
    asking = {Asking::How::kReplay, i};
    auto replayed = Choose(Story(3));
    ASSERT_TRUE(replayed);
    EXPECT_EQ(live.candidates(), replayed->candidates());
    EXPECT_EQ(live.propensity(), replayed->propensity());
    EXPECT_EQ(live.learned(), replayed->learned());
  }
}

TEST_F(LearnedTest, AShadowIsNotedAndChangesNothing) {
  const std::string candidate = AddCandidate();
  ASSERT_TRUE(learn::StartShadow(learnt.regime.promotion, candidate, 1));
  Share();
  const Route story = Live(Story(1), 7);
  EXPECT_EQ(story.candidates().front(), large.get());
  EXPECT_EQ(story.shadow(), smol.get());
  EXPECT_EQ(story.candidate(), candidate);
  EXPECT_EQ(NotedOf(story).would, "smol");
  EXPECT_EQ(story.policy(), model->version);
  const Route sum = Live(Sum(1), 8);
  EXPECT_EQ(sum.shadow(), nullptr) << "the same worker: there is nothing to run";
  EXPECT_EQ(NotedOf(sum).would, "smol");
}

TEST_F(LearnedTest, ACanaryGetsItsShareAndSaysSo) {
  const std::string candidate = AddCandidate();
  ASSERT_TRUE(learn::StartShadow(learnt.regime.promotion, candidate, 1));
  ASSERT_TRUE(learn::StartCanary(learnt.regime.promotion, 0.25, false, 2));
  Share();
  int canary = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Route r = Live(Story(1), i);
    if (r.policy() != candidate) {
      EXPECT_EQ(r.candidates().front(), large.get());
      EXPECT_NEAR(r.propensity(), 0.75, 1e-9);
      continue;
    }
    ++canary;
    EXPECT_EQ(r.candidates().front(), smol.get());
    EXPECT_NEAR(r.propensity(), 0.25, 1e-9);
    EXPECT_THAT(r.reason(), HasSubstr("canary of " + candidate));
  }
  EXPECT_NEAR(canary / 2000.0, 0.25, 0.03);
}

TEST_F(LearnedTest, PromotedSlicesAreDecidedByTheirPolicy) {
  const std::string candidate = AddCandidate();
  auto permit = PermitFor(catalogue);
  const std::string slice = Compute(Ask(Story(1)), *permit, featurizer.get()).task;
  learnt.regime.promotion.in_place[slice] = candidate;
  Share();
  EXPECT_EQ(Live(Story(1), 1).policy(), candidate);
  EXPECT_EQ(Live(Story(1), 1).candidates().front(), smol.get());
  learnt.regime.promotion.in_place[slice] = "router-of-which-nothing-is-left";
  Share();
  EXPECT_EQ(Live(Story(1), 1).policy(), model->version) << "the configured one stands in";
}

TEST_F(LearnedTest, WithoutAConfiguredModelACandidateWatchesAndTheBaselineServes) {
  const std::string candidate = AddCandidate();
  ASSERT_TRUE(learn::StartShadow(learnt.regime.promotion, candidate, 1));
  Share();
  model.reset();
  const Route r = Live(Story(1), 1);
  EXPECT_EQ(r.policy(), "rules/1");
  EXPECT_EQ(r.candidates().front(), large.get());
  EXPECT_EQ(r.shadow(), smol.get());
}

TEST_F(LearnedTest, RatingsMoveTheEstimatesOfTheirPolicy) {
  Share();
  const Route before = Live(Story(1), 1);
  learn::Bandit bandit({});
  for (int i = 0; i < 400; ++i)
    bandit.Observe({"large", NotedOf(before).x, NotedOf(before).quality, 0, 1, 0, 0});
  for (int i = 0; i < 400; ++i) bandit.Observe({"smol", NotedOf(before).x, 0.15, 1, 1, 0, 0});
  learnt.regime.corrections[model->version] = bandit.Snapshot();
  Share();
  const Route after = Live(Story(1), 1);
  EXPECT_EQ(before.candidates().front(), large.get());
  EXPECT_EQ(after.candidates().front(), smol.get());
  EXPECT_THAT(after.reason(), HasSubstr("ratings moved it"));
}

TEST_F(LearnedTest, ACallerWhoseUpgradesAreSpentGetsNoFarDearerWorker) {
  Share({.share = 0.1, .burst = 3, .factor = 3});
  int dear = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Route r = Live(Story(1), i);
    dear += r.candidates().front() == large.get();
    if (r.candidates().front() == large.get()) continue;
    EXPECT_THAT(r.reason(), HasSubstr("upgrades are used up"));
  }
  EXPECT_LE(dear, 3 + 30 + 1);
  EXPECT_GE(dear, 28);
}

TEST_F(LearnedTest, AWorkerKnownToBeTooSlowForTheDeadlineStandsBehind) {
  Share();
  controls.deadline = std::chrono::milliseconds(500);
  EXPECT_EQ(Live(Story(1), 1).candidates().front(), large.get()) << "nobody has measured yet";
  for (int i = 0; i < 5; ++i) {
    share->pace.Add("large", std::chrono::milliseconds(300), std::chrono::seconds(4), 300);
    share->pace.Add("smol", std::chrono::milliseconds(20), std::chrono::milliseconds(220), 300);
  }
  EXPECT_EQ(Live(Story(1), 2).candidates().front(), smol.get());
  controls.deadline.reset();
  EXPECT_EQ(Live(Story(1), 3).candidates().front(), large.get());
}

TEST(Pace, AveragesFollowTheNewestAnswers) {
  Pace pace;
  EXPECT_EQ(pace.Of("a").tokens_per_s, 0);
  pace.Add("a", std::chrono::milliseconds(100), std::chrono::milliseconds(1100), 100);
  pace.Add("a", std::chrono::milliseconds(100), std::chrono::milliseconds(1100), 100);
  EXPECT_EQ(pace.Of("a").tokens_per_s, 0) << "two answers are no average";
  pace.Add("a", std::chrono::milliseconds(100), std::chrono::milliseconds(1100), 100);
  EXPECT_NEAR(pace.Of("a").tokens_per_s, 100, 1e-6);
  EXPECT_NEAR(pace.Of("a").first_byte_s, 0.1, 1e-9);
  for (int i = 0; i < 60; ++i)
    pace.Add("a", std::chrono::milliseconds(100), std::chrono::milliseconds(600), 100);
  EXPECT_NEAR(pace.Of("a").tokens_per_s, 200, 5);
  pace.Add("b", {}, std::chrono::milliseconds(500), 0);
  EXPECT_EQ(pace.Of("b").first_byte_s, 0);
}

}  // namespace
}  // namespace baton::route
