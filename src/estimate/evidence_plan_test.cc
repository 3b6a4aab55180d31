#include "estimate/evidence_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "estimate/estimator.h"
#include "estimate/evidence_teams.h"
#include "estimate/evidence_world.h"

namespace baton::estimate {
namespace {

Evidence Fitted(const EvidenceTable& t, EvidenceOptions o = {}) {
  auto e = Evidence::Fit(t, o);
  EXPECT_TRUE(e) << (e ? "" : e.error().message);
  return std::move(*e);
}

struct Spent {
  double quality = 0, usd = 0, calls = 0;
};

Spent Play(const Evidence& e, const World& world, double value, int questions, std::uint64_t seed) {
  Spent s;
  Random random(seed);
  for (int q = 0; q < questions; ++q) {
    const auto answers = world.Answers(&random);
    const auto choice = e.Choose(world.usd, value);
    std::vector<Opinion> opinions;
    for (;;) {
      const Advice a = e.Next(choice, opinions, {}, world.usd, value);
      if (a.ask < 0) break;
      opinions.push_back({.worker = a.ask, .group = answers[static_cast<std::size_t>(a.ask)]});
      s.usd += world.usd[static_cast<std::size_t>(a.ask)] / questions;
      s.calls += 1.0 / questions;
    }
    const Posterior p = e.Weigh(choice, opinions, {});
    const int who = opinions[static_cast<std::size_t>(p.groups[static_cast<std::size_t>(p.top)].best)].worker;
    s.quality += answers[static_cast<std::size_t>(who)] == 0 ? 1.0 / questions : 0;
  }
  return s;
}

// Five cheap independent workers and one dear one that is a little better than each.
World CheapCrowd() {
  return {.right = {0.8, 0.8, 0.78, 0.78, 0.76, 0.86},
          .usd = {1, 1, 1, 1, 1, 40},
          .mistakes = 20,
          .shared = 0,
          .family = {}};
}

TEST(Evidence, BeatsTheBestSingleWorkerForLessMoneyWhereAnswersAreIndependent) {
  const World world = CheapCrowd();
  const Evidence e = Fitted(world.Table(500, 1));
  const Spent s = Play(e, world, 400, 3000, 2);
  EXPECT_GT(s.quality, 0.90) << "the best alone: 0.86";
  EXPECT_LT(s.usd, 20) << "the best alone: 40";
}

TEST(Evidence, AnswersAloneWhereAgreementTellsNothing) {
  // All make the same mistakes: a second answer is worth nothing.
  World world{.right = {0.6, 0.6, 0.9}, .usd = {1, 1, 3}, .mistakes = 1, .shared = 1, .family = {0, 0, 0}};
  EvidenceTable t;
  t.rows = 400;
  t.workers = 3;
  Random random(3);
  for (std::size_t r = 0; r < t.rows; ++r) {
    const double u = random.Unit();
    for (std::size_t w = 0; w < 3; ++w) {
      const bool right = u < world.right[w];
      t.quality.push_back(right ? 1 : 0);
      t.group.push_back(right ? 0 : 1);
      t.cost_usd.push_back(static_cast<float>(world.usd[w]));
    }
  }
  const Evidence e = Fitted(t);
  EXPECT_EQ(e.Choose(world.usd, 1e5).plan->workers, std::vector<int>{2});
}

TEST(Evidence, ATeamThatNeverAgreesMustLeadByMoreThanTheBestOfManyDrawsOfNoise) {
  // Programs or essays: no two answers are equal, and what they look like says nothing here.
  int teams = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    EvidenceTable t;
    t.rows = 150;
    t.workers = 6;
    Random random(seed);
    for (std::size_t cell = 0; cell < t.rows * t.workers; ++cell) {
      t.quality.push_back(random.Unit() < 0.6 ? 1 : 0);
      t.group.push_back(kUnread);
      t.cost_usd.push_back(1);
      Signs signs{};
      for (float& s : signs) s = static_cast<float>(2 * random.Unit() - 1);
      t.signs.push_back(signs);
    }
    const Evidence e = Fitted(t);
    const std::vector<double> usd(t.workers, 1);
    for (const double value : {100.0, 1e3, 1e4}) teams += e.Choose(usd, value).plan->workers.size() > 1;
  }
  EXPECT_LE(teams, 1) << "of 36; 11 when every lead counts";
}

TEST(Evidence, AsksMoreTheMoreQualityIsWorth) {
  const World world = CheapCrowd();
  const Evidence e = Fitted(world.Table(500, 4));
  double calls = 0;
  for (double value : {1.0, 20.0, 100.0, 1000.0}) {
    const Spent s = Play(e, world, value, 500, 5);
    EXPECT_GE(s.calls, calls - 0.3) << value;
    calls = s.calls;
  }
  EXPECT_GT(calls, 1.5);
  EXPECT_NEAR(Play(e, world, 1.0, 200, 6).calls, 1, 0.01) << "nothing is worth a second call";
}

TEST(Evidence, APriceChangeActsOnTheNextQuestion) {
  const World world = CheapCrowd();
  const Evidence e = Fitted(world.Table(500, 7));
  const auto choice = e.Choose(world.usd, 100);
  std::vector<Opinion> two{{.worker = choice.plan->workers[0], .group = 0},
                           {.worker = choice.plan->workers[1], .group = 1}};
  ASSERT_GE(e.Next(choice, two, {}, world.usd, 100).ask, 0) << "they disagree";
  std::vector<double> dear(6, 1000);
  EXPECT_LT(e.Next(choice, two, {}, dear, 100).ask, 0);
}

TEST(Evidence, NeverAsksWhomItMayNot) {
  const World world = CheapCrowd();
  const Evidence e = Fitted(world.Table(400, 8));
  for (int out = 0; out < 6; ++out) {
    auto usd = world.usd;
    usd[static_cast<std::size_t>(out)] = std::nan("");
    for (double value : e.values()) {
      const auto choice = e.Choose(usd, value);
      ASSERT_NE(choice.plan, nullptr);
      std::vector<Opinion> opinions;
      for (;;) {
        const Advice a = e.Next(choice, opinions, {}, usd, value);
        if (a.ask < 0) break;
        EXPECT_NE(a.ask, out);
        opinions.push_back({.worker = a.ask, .group = static_cast<int>(opinions.size())});
      }
      EXPECT_FALSE(opinions.empty());
    }
  }
  EXPECT_EQ(e.Choose(std::vector<double>(6, std::nan("")), 1).plan, nullptr);
}

TEST(Evidence, AWorkerThatFailsIsPassedOver) {
  const World world = CheapCrowd();
  const Evidence e = Fitted(world.Table(400, 9));
  const auto choice = e.Choose(world.usd, 1000);
  ASSERT_GT(choice.plan->workers.size(), 2U);
  auto usd = world.usd;
  usd[static_cast<std::size_t>(choice.plan->workers[1])] = std::nan("");
  const std::vector<Opinion> one{{.worker = choice.plan->workers[0], .group = 0}};
  EXPECT_EQ(e.Next(choice, one, {}, usd, 1000).next, choice.plan->workers[2]);
}

TEST(Evidence, TheSameTableAndSeedGiveTheSamePlans) {
  const World world = CheapCrowd();
  const auto a = Fitted(world.Table(300, 10)), b = Fitted(world.Table(300, 10));
  ASSERT_EQ(a.plans().size(), b.plans().size());
  for (std::size_t i = 0; i < a.plans().size(); ++i) {
    EXPECT_EQ(a.plans()[i].workers, b.plans()[i].workers);
    for (std::size_t v = 0; v < a.values().size(); ++v)
      EXPECT_EQ(a.plans()[i].rules[v].quality, b.plans()[i].rules[v].quality);
  }
}

TEST(Evidence, DegenerateTablesStillAnswer) {
  World one{.right = {0.7}, .usd = {2}, .mistakes = 3, .shared = 0, .family = {}};
  EXPECT_EQ(Play(Fitted(one.Table(20, 1)), one, 10, 10, 2).calls > 0.99, true);
  World sure{.right = {1, 1}, .usd = {1, 2}, .mistakes = 1, .shared = 0, .family = {}};
  EXPECT_NEAR(Play(Fitted(sure.Table(40, 1)), sure, 1000, 50, 2).usd, 1, 1e-9)
      << "the cheaper of two that never err";
  World never{.right = {0, 0}, .usd = {1, 2}, .mistakes = 1, .shared = 0, .family = {}};
  EXPECT_NEAR(Play(Fitted(never.Table(40, 1)), never, 1000, 50, 2).usd, 1, 1e-9);
  EXPECT_FALSE(Evidence::Fit({}, {}));
}

// Two kinds of questions and two workers, each good at one kind; `told`: how often the router names the kind
// rightly.
EvidenceTable Specialists(double told, std::uint64_t seed) {
  EvidenceTable t;
  t.rows = 600;
  t.workers = 2;
  Random random(seed);
  for (std::size_t r = 0; r < t.rows; ++r) {
    const bool first = random.Unit() < 0.5, says_first = random.Unit() < told ? first : !first;
    for (std::size_t w = 0; w < 2; ++w) {
      const bool right = random.Unit() < ((w == 0) == first ? 0.9 : 0.5);
      t.quality.push_back(right ? 1 : 0);
      t.group.push_back(static_cast<std::int16_t>(right ? 0 : 1 + random.Below(50)));
      t.cost_usd.push_back(1);
      t.prior.push_back((w == 0) == says_first ? 0.9F : 0.5F);
    }
  }
  return t;
}

TEST(Evidence, FollowsTheRouterWhereItKnewWhoIsGoodAtThis) {
  const Evidence e = Fitted(Specialists(1, 14));
  const std::vector<double> usd{1, 1};
  const double value = 2;  // a second call is never worth it
  EXPECT_EQ(e.Choose(usd, value, std::vector<float>{0.9F, 0.5F}).plan->workers[0], 0);
  EXPECT_EQ(e.Choose(usd, value, std::vector<float>{0.5F, 0.9F}).plan->workers[0], 1);
}

TEST(Evidence, DoesNotFollowARouterThatKnowsNothing) {
  const Evidence e = Fitted(Specialists(0.5, 15));
  const std::vector<double> usd{1, 1};
  const auto first = e.Choose(usd, 2, std::vector<float>{0.9F, 0.5F}).plan;
  EXPECT_EQ(first, e.Choose(usd, 2, std::vector<float>{0.5F, 0.9F}).plan);
  EXPECT_EQ(first, e.Choose(usd, 2).plan) << "nor does it matter that nothing is said";
}

TEST(Evidence, CommitteesHoldNoTwins) {
  // 3 is 0 at another host.
  const World world{.right = {0.8, 0.7, 0.7, 0.8, 0.7, 0.7, 0.95},
                    .usd = {1, 1, 1, 1, 1, 1, 10},
                    .mistakes = 20,
                    .shared = 0,
                    .family = {}};
  EvidenceTable t = world.Table(300, 16);
  for (std::size_t r = 0; r < t.rows; ++r) {
    t.quality[r * 7 + 3] = t.quality[r * 7];
    t.group[r * 7 + 3] = t.group[r * 7];
  }
  const std::vector<int> able{0, 1, 2, 3, 4, 5, 6};
  std::size_t large = 0;
  for (const auto& team : MakeTeams({t, able, world.right, world.usd, 6}, {10, 100})) {
    if (team.size() < 4) continue;
    ++large;
    EXPECT_LE(std::count(team.begin(), team.end(), 0) + std::count(team.begin(), team.end(), 3), 1);
  }
  EXPECT_GT(large, 0U);
}

TEST(Evidence, OnOrderNobodyIsAskedASecondTime) {
  EvidenceOptions o;
  o.teams = false;
  const World world = CheapCrowd();
  const Evidence e = Fitted(world.Table(200, 17), o);
  for (const Plan& plan : e.plans()) EXPECT_EQ(plan.workers.size(), 1U);
}

TEST(Evidence, SparseRowsAreLearnedFrom) {
  const World world = CheapCrowd();
  EvidenceTable t = world.Table(900, 11);
  Random random(12);
  for (float& q : t.quality) {
    if (random.Unit() < 0.3) q = kMissing;
  }
  EXPECT_GT(Play(Fitted(t), world, 400, 2000, 13).quality, 0.86);
}

}  // namespace
}  // namespace baton::estimate
