#include "learn/live.h"

#include <gtest/gtest.h>

#include <cmath>

#include "learn/teacher.h"

namespace baton::learn {
namespace {

constexpr std::int64_t kDay = 24LL * 3600 * 1'000'000'000;

const std::vector<std::string_view> kTeam = {"cheap", "middle", "dear"};
const std::vector<float> kX = {0.5F, 0.5F, 0.5F, 0.5F};

// 100 tokens of output are expected of everybody, at 1, 5 and 50 dollars per million.
View Says(std::string_view policy, std::vector<double> quality, double spread = 0.1) {
  View v{policy, {}};
  const double usd[] = {0.0001, 0.0005, 0.005};
  for (std::size_t i = 0; i < quality.size(); ++i)
    v.prospects.push_back({quality[i], spread, usd[i], usd[i], 100, 0});
  return v;
}

class LiveTest : public testing::Test {
 protected:
  LiveTest() {
    regime_.choice = {.value_usd = 0.01, .floor = 0.03, .width = 1};
    regime_.explore = true;
    regime_.single = "dear";
  }
  Question Ask(std::uint64_t exchange, bool may_explore = true) const {
    Question q;
    q.workers = kTeam;
    q.compact = Compact::Project(kX, regime_.seed);
    q.slice = "code";
    q.caller = "local";
    q.exchange = exchange;
    q.may_explore = may_explore;
    q.in_place = in_place_ ? &*in_place_ : nullptr;
    q.candidate = regime_.Candidate().empty() ? nullptr : &candidate_;
    return q;
  }
  std::unique_ptr<Live> Make(std::int64_t explore_nanos = 1'000'000'000'000, UpgradeOptions upgrades = {}) {
    auto live = std::make_unique<Live>(Live::Caps{{explore_nanos}, {0}, {}, {}, upgrades});
    if (auto due = live->explore().Due(5 * kDay)) live->explore().Apply(*due);
    return live;
  }
  void Canary(double share) {
    ASSERT_TRUE(StartShadow(regime_.promotion, "new", 1));
    ASSERT_TRUE(StartCanary(regime_.promotion, share, true, 2));
  }
  Regime regime_;
  std::optional<View> in_place_ = Says("old", {0.5, 0.6, 0.62});
  View candidate_ = Says("new", {0.7, 0.6, 0.6});
};

TEST_F(LiveTest, PropensitiesAreFrequencies) {
  Canary(0.2);
  auto live = Make();
  double counts[3] = {}, said[3] = {};
  constexpr int kN = 40'000;
  for (std::uint64_t i = 0; i < kN; ++i) {
    const Answer a = live->Decide(regime_, Ask(i));
    ASSERT_TRUE(a.decided);
    counts[a.worker] += 1.0 / kN;
    said[a.worker] = a.propensity;
  }
  for (int s = 0; s < 3; ++s) EXPECT_NEAR(counts[s], said[s], 0.01) << s;
  EXPECT_NEAR(said[0] + said[1] + said[2], 1, 1e-9);
  EXPECT_GT(said[2], 0.2) << "the third arm asks the best single worker";
}

TEST_F(LiveTest, WhoOptedOutIsInNoExperiment) {
  Canary(0.3);
  auto live = Make();
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Answer a = live->Decide(regime_, Ask(i, false));
    EXPECT_EQ(a.arm, Arm::kInPlace);
    EXPECT_EQ(a.propensity, 1);
    EXPECT_FALSE(a.explored);
    EXPECT_EQ(a.policy, "old");
  }
}

TEST_F(LiveTest, ShadowsChangeNothingOfWhatIsAnswered) {
  auto live = Make();
  Regime shadowed = regime_;
  ASSERT_TRUE(StartShadow(shadowed.promotion, "new", 1));
  for (std::uint64_t i = 0; i < 500; ++i) {
    Question q = Ask(i);
    const Answer a = live->Decide(regime_, q);
    q.candidate = &candidate_;
    const Answer b = live->Decide(shadowed, q);
    EXPECT_EQ(a.worker, b.worker);
    EXPECT_EQ(a.propensity, b.propensity);
    EXPECT_FALSE(a.shadow);
    ASSERT_TRUE(b.shadow);
    EXPECT_EQ(*b.shadow, 0U);
    q.may_explore = false;
    EXPECT_FALSE(live->Decide(shadowed, q).shadow) << "opted out";
  }
}

TEST_F(LiveTest, ExploringStaysUnderTheDaysDollars) {
  constexpr std::int64_t kCap = 100'000'000;  // ten cents
  auto live = Make(kCap);
  double spent = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    if (auto due = live->explore().Due(5 * kDay)) live->explore().Apply(*due);
    const Answer a = live->Decide(regime_, Ask(i));
    spent += a.explored_usd;
  }
  EXPECT_LE(spent, kCap / 1e9);
  EXPECT_GT(spent, 0.5 * kCap / 1e9);
}

TEST_F(LiveTest, SlicesFollowTheirPlacement) {
  regime_.promotion.in_place = {{"code", "new"}};
  EXPECT_EQ(regime_.InPlace("code"), "new");
  EXPECT_EQ(regime_.InPlace("maths"), "") << "what the configuration says";
}

TEST_F(LiveTest, WithoutAPolicyTheRulesStand) {
  in_place_.reset();
  auto live = Make();
  EXPECT_FALSE(live->Decide(regime_, Ask(1)).decided);
  Canary(0.25);
  int decided = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const Answer a = live->Decide(regime_, Ask(i));
    decided += a.decided;
    EXPECT_TRUE(!a.decided || a.arm != Arm::kInPlace);
  }
  EXPECT_NEAR(decided / 4000.0, 0.5, 0.04) << "candidate and best single worker, a quarter each";
}

TEST_F(LiveTest, ACallersUpgradesAreBounded) {
  in_place_ = Says("old", {0.1, 0.2, 0.95});
  regime_.explore = false;
  auto live = Make(1, {.share = 0.1, .burst = 5, .factor = 3});
  int dear = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Answer a = live->Decide(regime_, Ask(i));
    dear += a.worker == 2;
    EXPECT_EQ(a.limited, a.worker != 2);
  }
  EXPECT_NEAR(dear, 105, 2);
}

TEST_F(LiveTest, WhatTrafficTaughtAPolicyCorrectsThatPolicyAlone) {
  regime_.explore = false;
  Bandit bandit({});
  const Compact x = Compact::Project(kX, regime_.seed);
  for (int i = 0; i < 300; ++i) bandit.Observe({"middle", x, 0.6, 0, 1, 100, 100});
  regime_.corrections["old"] = bandit.Snapshot();
  const Answer a = Make()->Decide(regime_, Ask(1));
  EXPECT_EQ(a.worker, 0U) << "middle was rated badly";
  EXPECT_EQ(a.file_quality, 0.5);
  regime_.corrections.clear();
  regime_.corrections["new"] = bandit.Snapshot();
  EXPECT_EQ(Make()->Decide(regime_, Ask(1)).worker, 1U);
}

TEST_F(LiveTest, ReplayDecidesTheSame) {
  Canary(0.2);
  auto live = Make();
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Answer a = live->Decide(regime_, Ask(i)), b = Live::DecideAs(regime_, Ask(i), 1);
    EXPECT_EQ(a.worker, b.worker);
    EXPECT_EQ(a.arm, b.arm);
    EXPECT_EQ(a.propensity, b.propensity);
  }
}

Rated Rating(double quality, Arm arm = Arm::kInPlace) {
  Rated r;
  r.tenant = "t";
  r.slice = "code";
  r.worker = "cheap";
  r.policy = "old";
  r.noted.arm = arm;
  r.noted.trial = true;
  r.asked_unix_ns = 100;
  r.quality = quality;
  r.cost_usd = 0.001;
  r.day = 10;
  return r;
}

TEST(Teacher, FaultsAndRefusalsNeverFeedQuality) {
  Teacher teacher({}, {}, Trust({}), 0.01);
  Promotion p;
  Rated r = Rating(0);
  r.clean = false;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(teacher.Teach(r, p), Lesson::kNotClean);
  EXPECT_TRUE(teacher.bandits().empty());
}

TEST(Teacher, RatingsReachTheBanditAndTheCanary) {
  Teacher teacher({}, {}, Trust({}), 0.01);
  Promotion p;
  ASSERT_TRUE(StartShadow(p, "new", 1));
  ASSERT_TRUE(StartCanary(p, 0.2, true, 2));
  EXPECT_EQ(teacher.Teach(Rating(1, Arm::kCandidate), p), Lesson::kTaught);
  EXPECT_EQ(teacher.Teach(Rating(0, Arm::kInPlace), p), Lesson::kTaught);
  EXPECT_EQ(p.slices.at("code").in_place.n_b, 1);
  EXPECT_EQ(p.slices.at("code").in_place.n_a, 1);
  EXPECT_EQ(teacher.bandits().at("old").observations(), 2U);
  teacher.Keep({"new"});
  EXPECT_TRUE(teacher.bandits().empty());
  EXPECT_EQ(Utility(1, 0, 0.01), 1);
  EXPECT_EQ(Utility(0, 1, 0.01), 0);
  EXPECT_EQ(Utility(0.5, 0.005, 0.01), 0.5);
}

TEST(Teacher, BeyondATenantsDayNothingIsTaught) {
  Teacher teacher({}, {}, Trust({.per_day = 3}), 0.01);
  Promotion p;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(teacher.Teach(Rating(1), p), Lesson::kTaught);
  EXPECT_EQ(teacher.Teach(Rating(1), p), Lesson::kNoWeight);
}

TEST(Teacher, ACanaryTakesNoRewardOfWhatItsCoinDidNotAssign) {
  Teacher teacher({}, {}, Trust({}), 0.01);
  Promotion p;
  ASSERT_TRUE(StartShadow(p, "new", 1));
  ASSERT_TRUE(StartCanary(p, 0.2, true, 50));
  Rated opted_out = Rating(1), before = Rating(1);
  opted_out.noted.trial = false;
  before.asked_unix_ns = 49;
  EXPECT_EQ(teacher.Teach(opted_out, p), Lesson::kTaught);
  EXPECT_EQ(teacher.Teach(before, p), Lesson::kTaught);
  EXPECT_TRUE(p.slices.empty());
}

TEST(Noted, TextCarriesWhatLearningNeeds) {
  Noted n;
  n.x = Compact::Project(kX, 3);
  n.arm = Arm::kSingle;
  n.quality = 0.8125;
  n.tokens = 321;
  n.explored = true;
  n.trial = true;
  n.would = "a \"worker\"";
  n.would_quality = 0.25;
  const std::string text = RecordText(n);
  EXPECT_LE(text.size(), 180U);
  const auto back = NotedFromText(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->x, n.x);
  EXPECT_EQ(back->arm, n.arm);
  EXPECT_EQ(back->quality, 0.8125);
  EXPECT_EQ(back->tokens, 321);
  EXPECT_TRUE(back->explored && back->trial);
  EXPECT_EQ(back->would, n.would);
  EXPECT_EQ(back->would_quality, 0.25);
  const auto kept = NotedIn(WithNoted(R"({"task":"code","turns":1})", text));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->x, n.x);
  EXPECT_FALSE(NotedIn(R"({"task":"code"})"));
  EXPECT_EQ(WithNoted("", text), "");
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(NotedFromText(text.substr(0, i)));
}

}  // namespace
}  // namespace baton::learn
