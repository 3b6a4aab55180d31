#include "learn/live.h"

#include <gtest/gtest.h>

#include <cmath>

#include "learn/teacher.h"

namespace baton::learn {
namespace {

constexpr std::int64_t kDay = 24LL * 3600 * 1'000'000'000;

// Expects the same of every request: quality by worker's name.
class Says : public Expert {
 public:
  Says(std::string hash, std::map<std::string, double, std::less<>> quality, double spread = 0.1)
      : hash_(std::move(hash)), quality_(std::move(quality)), spread_(spread) {}
  const std::string& hash() const override { return hash_; }
  std::size_t features() const override { return 4; }
  void Expect(std::span<const float>, std::span<const std::string_view> workers,
              std::span<Expectation> out) const override {
    for (std::size_t i = 0; i < workers.size(); ++i) {
      const auto at = quality_.find(workers[i]);
      if (at != quality_.end()) out[i] = {at->second, spread_, 100, true};
    }
  }

 private:
  std::string hash_;
  std::map<std::string, double, std::less<>> quality_;
  double spread_;
};

const std::vector<Seat> kSeats = {{"cheap", 0, 1e-6}, {"middle", 0, 5e-6}, {"dear", 0, 50e-6}};
const std::vector<float> kX = {0.5F, 0.5F, 0.5F, 0.5F};

class LiveTest : public testing::Test {
 protected:
  LiveTest() {
    regime_.experts[""] = std::make_shared<Says>(
        "old", std::map<std::string, double, std::less<>>{{"cheap", 0.5}, {"middle", 0.6}, {"dear", 0.62}});
    regime_.experts["new"] = std::make_shared<Says>(
        "new", std::map<std::string, double, std::less<>>{{"cheap", 0.7}, {"middle", 0.6}, {"dear", 0.6}});
    regime_.choice = {.value_usd = 0.01, .floor = 0.03, .width = 1};
    regime_.explore = true;
    regime_.single = "dear";
  }
  Question Ask(std::uint64_t exchange, bool may_explore = true) {
    return {kX, "code", "local", exchange, 0, may_explore};
  }
  std::unique_ptr<Live> Make(std::int64_t explore_nanos = 1'000'000'000'000, UpgradeOptions upgrades = {}) {
    auto live = std::make_unique<Live>(std::make_shared<const Regime>(regime_),
                                       Live::Caps{{explore_nanos}, {0}, {}, {}, upgrades});
    if (auto due = live->explore().Due(5 * kDay)) live->explore().Apply(*due);
    return live;
  }
  void Canary(double share) {
    ASSERT_TRUE(StartShadow(regime_.promotion, "new", 1));
    ASSERT_TRUE(StartCanary(regime_.promotion, share, true, 2));
  }
  Regime regime_;
};

TEST_F(LiveTest, PropensitiesAreFrequencies) {
  Canary(0.2);
  auto live = Make();
  double counts[3] = {}, said[3] = {};
  constexpr int kN = 40'000;
  for (std::uint64_t i = 0; i < kN; ++i) {
    const Answer a = live->Decide(Ask(i), kSeats);
    ASSERT_TRUE(a.decided);
    counts[a.seat] += 1.0 / kN;
    said[a.seat] = a.propensity;
  }
  for (int s = 0; s < 3; ++s) EXPECT_NEAR(counts[s], said[s], 0.01) << s;
  EXPECT_NEAR(said[0] + said[1] + said[2], 1, 1e-9);
  EXPECT_GT(said[2], 0.2) << "the third arm asks the best single worker";
}

TEST_F(LiveTest, WhoOptedOutIsInNoExperiment) {
  Canary(0.3);
  auto live = Make();
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const Answer a = live->Decide(Ask(i, false), kSeats);
    EXPECT_EQ(a.arm, Arm::kInPlace);
    EXPECT_EQ(a.propensity, 1);
    EXPECT_FALSE(a.explored);
    EXPECT_EQ(a.policy, "old");
  }
}

TEST_F(LiveTest, ShadowsChangeNothingOfWhatIsAnswered) {
  auto before = Make();
  ASSERT_TRUE(StartShadow(regime_.promotion, "new", 1));
  auto with = Make();
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Answer a = before->Decide(Ask(i), kSeats), b = with->Decide(Ask(i), kSeats);
    EXPECT_EQ(a.seat, b.seat);
    EXPECT_EQ(a.propensity, b.propensity);
    EXPECT_FALSE(a.shadow);
    ASSERT_TRUE(b.shadow);
    EXPECT_EQ(b.shadow_seat, 0U);
    EXPECT_FALSE(with->Decide(Ask(i, false), kSeats).shadow) << "opted out";
  }
}

TEST_F(LiveTest, ExploringStaysUnderTheDaysDollars) {
  constexpr std::int64_t kCap = 100'000'000;  // ten cents
  auto live = Make(kCap);
  double spent = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    if (auto due = live->explore().Due(5 * kDay)) live->explore().Apply(*due);
    const Answer a = live->Decide(Ask(i), kSeats);
    spent += a.explored_usd;
  }
  EXPECT_LE(spent, kCap / 1e9);
  EXPECT_GT(spent, 0.5 * kCap / 1e9);
}

TEST_F(LiveTest, SlicesFollowTheirPlacement) {
  regime_.promotion.in_place = {{"code", "new"}};
  regime_.explore = false;
  auto live = Make();
  Question q = Ask(1);
  EXPECT_EQ(live->Decide(q, kSeats).policy, "new");
  q.slice = "maths";
  EXPECT_EQ(live->Decide(q, kSeats).policy, "old");
}

TEST_F(LiveTest, WithoutAPolicyTheRulesStand) {
  regime_.experts.erase("");
  auto live = Make();
  EXPECT_FALSE(live->Decide(Ask(1), kSeats).decided);
  Canary(0.25);
  live = Make();
  int decided = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const Answer a = live->Decide(Ask(i), kSeats);
    decided += a.decided;
    EXPECT_TRUE(!a.decided || a.arm != Arm::kInPlace);
  }
  EXPECT_NEAR(decided / 4000.0, 0.5, 0.04) << "candidate and best single worker, a quarter each";
}

TEST_F(LiveTest, ACallersUpgradesAreBounded) {
  regime_.experts[""] = std::make_shared<Says>(
      "old", std::map<std::string, double, std::less<>>{{"cheap", 0.1}, {"middle", 0.2}, {"dear", 0.95}});
  regime_.explore = false;
  auto live = Make(1, {.share = 0.1, .burst = 5, .factor = 3});
  int dear = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Answer a = live->Decide(Ask(i), kSeats);
    dear += a.seat == 2;
    EXPECT_EQ(a.limited, a.seat != 2);
  }
  EXPECT_NEAR(dear, 105, 2);
}

TEST_F(LiveTest, WhatTrafficTaughtAPolicyCorrectsThatPolicyAlone) {
  regime_.explore = false;
  Bandit bandit({});
  const Compact x = Compact::Project(kX, regime_.seed);
  for (int i = 0; i < 300; ++i) bandit.Observe({"middle", x, 0.6, 0, 1, 100, 100});
  regime_.corrections["old"] = bandit.Snapshot();
  const Answer a = Make()->Decide(Ask(1), kSeats);
  EXPECT_EQ(a.seat, 0U) << "middle was rated badly";
  EXPECT_EQ(a.file_quality, 0.5);
  regime_.corrections.clear();
  regime_.corrections["new"] = bandit.Snapshot();
  EXPECT_EQ(Make()->Decide(Ask(1), kSeats).seat, 1U);
}

TEST_F(LiveTest, ReplayDecidesTheSame) {
  Canary(0.2);
  auto live = Make();
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Answer a = live->Decide(Ask(i), kSeats), b = Live::DecideAs(regime_, Ask(i), kSeats, 1);
    EXPECT_EQ(a.seat, b.seat);
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

TEST(Noted, TextCarriesWhatLearningNeeds) {
  Noted n;
  n.x = Compact::Project(kX, 3);
  n.arm = Arm::kSingle;
  n.quality = 0.8125;
  n.tokens = 321;
  n.explored = true;
  const std::string text = RecordText(n);
  EXPECT_LE(text.size(), 130U);
  const auto back = NotedFromText(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->x, n.x);
  EXPECT_EQ(back->arm, n.arm);
  EXPECT_EQ(back->quality, 0.8125);
  EXPECT_EQ(back->tokens, 321);
  EXPECT_TRUE(back->explored);
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(NotedFromText(text.substr(0, i)));
}

}  // namespace
}  // namespace baton::learn
