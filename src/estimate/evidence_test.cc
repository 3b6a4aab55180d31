#include "estimate/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "estimate/estimator.h"
#include "estimate/evidence_world.h"

namespace baton::estimate {
namespace {

using ::testing::HasSubstr;

Belief Fitted(const EvidenceTable& t, BeliefOptions o = {}) {
  auto b = Belief::Fit(t, o);
  EXPECT_TRUE(b) << (b ? "" : b.error().message);
  return *b;
}

World Four() {
  return {.right = {0.9, 0.75, 0.7, 0.6}, .usd = {}, .mistakes = 4, .shared = 0, .family = {}};
}

TEST(Belief, IsTheEnumeratedPosteriorWhereWorkersAreIndependent) {
  const World world = Four();
  const Belief b = Fitted(world.Table(6000, 1), {.subsets = 4});
  // Every pattern of three of the workers' answers; label 4 stands for an answer unlike the others.
  double worst = 0, sum = 0;
  int n = 0;
  for (const auto& workers : std::vector<std::vector<int>>{{0, 1, 2}, {1, 2, 3}, {3, 2, 0}}) {
    for (const auto& answers :
         std::vector<std::vector<int>>{{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 1}, {0, 1, 2}}) {
      const Posterior p = b.Weigh(Opinions(workers, answers));
      for (std::size_t i = 0; i < 3; ++i) {
        const double exact = world.Exact(workers, answers, answers[i]);
        const double off = std::abs(p.groups[static_cast<std::size_t>(p.of[i])].p - exact);
        worst = std::max(worst, off);
        sum += off;
        ++n;
      }
    }
  }
  EXPECT_LT(worst, 0.12);
  EXPECT_LT(sum / n, 0.03);
}

TEST(Belief, ProbabilitiesSumToOneAndEveryOpinionHasItsGroup) {
  const Belief b = Fitted(Four().Table(500, 2));
  const Posterior p = b.Weigh(Opinions({0, 1, 2, 3}, {0, 1, 1, kUnread}));
  double sum = p.none;
  for (int k = 0; k < p.count; ++k) sum += p.groups[static_cast<std::size_t>(k)].p;
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(p.count, 3);
  EXPECT_EQ(p.of[1], p.of[2]);
  EXPECT_NE(p.of[3], p.of[0]) << "what cannot be read agrees with nobody";
}

TEST(Belief, DoesNotDependOnTheOrderOfOpinionsNorOnTheLabelsOfGroups) {
  const Belief b = Fitted(Four().Table(800, 3));
  const Posterior p = b.Weigh(Opinions({0, 1, 2, 3}, {5, 2, 2, 7}));
  const Posterior q = b.Weigh(Opinions({3, 2, 1, 0}, {1, 9, 9, 0}));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(p.groups[static_cast<std::size_t>(p.of[i])].p,
                q.groups[static_cast<std::size_t>(q.of[3 - i])].p, 1e-9);
  }
}

TEST(Belief, IsCalibratedOnQuestionsItHasNotSeen) {
  World world{.right = {0.85, 0.7, 0.65, 0.6, 0.55},
              .usd = {},
              .mistakes = 3,
              .shared = 0.5,
              .family = {0, 1, 1, 2, 2}};
  const Belief b = Fitted(world.Table(800, 4));
  std::array<double, 5> said{}, right{}, n{};
  Random random(5);
  for (int q = 0; q < 4000; ++q) {
    const auto answers = world.Answers(&random);
    const Posterior p = b.Weigh(Opinions({0, 1, 2, 3, 4}, answers));
    const auto bin = static_cast<std::size_t>(std::min(4.0, p.best_p() * 5));
    const int who = p.groups[static_cast<std::size_t>(p.top)].best;
    said[bin] += p.best_p();
    right[bin] += answers[static_cast<std::size_t>(who)] == 0 ? 1 : 0;
    n[bin] += 1;
  }
  for (std::size_t i = 0; i < 5; ++i) {
    if (n[i] < 200) continue;
    EXPECT_NEAR(said[i] / n[i], right[i] / n[i], 0.06) << "bin " << i << " of " << n[i];
  }
}

TEST(Belief, AgreementWithinAFamilyThatErrsTogetherCountsLess) {
  World world{
      .right = {0.7, 0.7, 0.7, 0.7}, .usd = {}, .mistakes = 6, .shared = 0.95, .family = {0, 0, 1, 2}};
  const EvidenceTable t = world.Table(1500, 6);
  const Belief b = Fitted(t);
  EXPECT_LT(b.PairLift(0, 1), b.PairLift(2, 3) - 0.5);
  const auto p_of = [](const Belief& belief, std::vector<int> workers) {
    return belief.Weigh(Opinions(workers, {0, 0})).best_p();
  };
  EXPECT_LT(p_of(b, {0, 1}), p_of(b, {2, 3}) - 0.05);
  const Belief blind = Fitted(t, {.correlation = false});
  EXPECT_NEAR(p_of(blind, {0, 1}), p_of(blind, {2, 3}), 0.02);
}

TEST(Belief, AVerdictMovesTheOddsByItsLikelihoodRatio) {
  const Belief b = Fitted(Four().Table(800, 7));
  auto opinions = Opinions({1, 2}, {0, 1});
  const Posterior before = b.Weigh(opinions);
  opinions[1].log_ratio = std::log(9.0);
  const Posterior after = b.Weigh(opinions);
  const auto odds = [](const Posterior& p) { return p.groups[1].p / (1 - p.groups[1].p); };
  EXPECT_NEAR(odds(after) / odds(before), 9, 1e-6);
}

TEST(Belief, ARouterThatKnowsTheQuestionIsHeard) {
  World world{.right = {0.5, 0.5}, .usd = {}, .mistakes = 4, .shared = 0, .family = {}};
  EvidenceTable t = world.Table(1000, 8);
  Random random(9);
  for (std::size_t i = 0; i < t.quality.size(); ++i)
    t.prior.push_back((random.Unit() < 0.9) == (t.quality[i] > 0) ? 0.85F : 0.15F);
  const Belief b = Fitted(t);
  const std::vector<float> prior{0.85F, 0.15F};
  const Posterior p = b.Weigh(Opinions({0, 1}, {0, 1}), prior);
  EXPECT_GT(p.groups[0].p, 0.75);
  EXPECT_LT(p.groups[1].p, 0.2);
}

TEST(Belief, ScoresInPartsAreExpectedScoresNotProbabilities) {
  EvidenceTable t;
  t.rows = 300;
  t.workers = 2;
  Random random(10);
  for (std::size_t i = 0; i < 600; ++i) {
    t.quality.push_back(i % 2 == 0 ? 0.9F : 0.8F);
    t.group.push_back(static_cast<std::int16_t>(i % 2));
    t.cost_usd.push_back(1);
  }
  const Belief b = Fitted(t);
  EXPECT_NEAR(b.Weigh(Opinions({0, 1}, {0, 1})).best_quality(), 0.9, 0.06);
}

TEST(Belief, DegenerateTablesTeachSomethingFinite) {
  World all_right{.right = {1.0, 1.0}, .usd = {}, .mistakes = 1, .shared = 0, .family = {}};
  EXPECT_GT(Fitted(all_right.Table(50, 1)).Weigh(Opinions({0, 1}, {0, 0})).best_p(), 0.9);
  World all_wrong{.right = {0.0, 0.0}, .usd = {}, .mistakes = 3, .shared = 0, .family = {}};
  EXPECT_LT(Fitted(all_wrong.Table(50, 1)).Weigh(Opinions({0, 1}, {0, 1})).best_p(), 0.2);
  World one{.right = {0.7}, .usd = {}, .mistakes = 3, .shared = 0, .family = {}};
  EXPECT_NEAR(Fitted(one.Table(400, 1)).Weigh(Opinions({0}, {0})).best_p(), 0.7, 0.06);
  EvidenceTable single = one.Table(1, 1);
  EXPECT_TRUE(std::isfinite(Fitted(single).Weigh(Opinions({0}, {0})).best_p()));
}

TEST(Belief, MissingCellsAreNormal) {
  EvidenceTable t = Four().Table(1500, 11);
  Random random(12);
  for (float& q : t.quality) {
    if (random.Unit() < 0.5) q = kMissing;
  }
  const Belief b = Fitted(t);
  EXPECT_NEAR(b.Reliability(0), 0.9, 0.04);
  EXPECT_NEAR(b.Reliability(3), 0.6, 0.05);
  EXPECT_GT(b.Weigh(Opinions({0, 1}, {0, 0})).best_p(), 0.9);
}

TEST(Belief, RefusesWhatNothingCanBeLearnedFrom) {
  auto none = Belief::Fit({}, {});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("nothing to learn from"));
  EvidenceTable t = Four().Table(3, 1);
  for (float& q : t.quality) q = kMissing;
  EXPECT_FALSE(Belief::Fit(t, {}));
  t = Four().Table(3, 1);
  t.group.pop_back();
  EXPECT_FALSE(Belief::Fit(t, {}));
}

}  // namespace
}  // namespace baton::estimate
