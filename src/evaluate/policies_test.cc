// Every policy of the registry, whatever it does inside: it learns from training rows only, pays for what it
// sees, is no worse than random on a set made to be routed, and repeats.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>

#include "evaluate/analysis.h"
#include "evaluate/evidence_table.h"
#include "evaluate/policy.h"
#include "evaluate/run.h"
#include "evaluate/test_study.h"
#include "evaluate/text_features.h"

namespace baton::evaluate {
namespace {

struct Bench {
  OutcomeMatrix matrix;
  Blocks blocks;
  std::vector<std::uint16_t> solved;
  Features features;
  std::vector<double> values = {0.0003, 0.003, 0.03, 0.3, 3};
  SimClock clock;
  SeedFacts facts;

  explicit Bench(OutcomeMatrix m, const Features* given = nullptr) : matrix(std::move(m)) {
    std::vector<std::size_t> group(matrix.rows.size());
    for (std::size_t i = 0; i < group.size(); ++i) group[i] = i;
    blocks = MakeBlocks(matrix, group);
    solved = SolvedBy(matrix);
    features = given ? *given : *FeaturesOf(matrix, {});
    facts = FactsOf(matrix, MakeSplit(matrix, group, 0.5, 1));
  }
  // Enough values to find a setting near a budget.
  void Fine() {
    values.clear();
    for (double v = 3e-4; v < 3; v *= 1.5) values.push_back(v);
  }
  Tally Run(std::string_view name) const {
    const TallyInput in{matrix, blocks, solved, features.x, features.width, features.embedded, values, clock};
    const auto policy = FindPolicy(name)->make();
    return RunPolicy(in, facts, 1, *policy);
  }
};

double Sum(const std::vector<float>& x) {
  double sum = 0;
  for (const float v : x) sum += static_cast<double>(v);
  return sum;
}

// The same questions with other scores, answers and costs on the test side.
OutcomeMatrix Scrambled(OutcomeMatrix m, const std::vector<std::size_t>& test, bool answers) {
  for (const std::size_t r : test) {
    for (Cell& cell : m.rows[r].cells) {
      cell.score = 1 - cell.score;
      if (answers) cell.answer = cell.response = "7";
    }
    m.rows[r].reference = "none";
  }
  return m;
}

class EveryPolicy : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryPolicy, CannotSeeScoresOrReferencesOfTestRows) {
  const Bench honest(Simulated(240));
  const Bench scrambled(Scrambled(honest.matrix, honest.facts.split.test, false), &honest.features);
  const Tally a = honest.Run(GetParam()), b = scrambled.Run(GetParam());
  ASSERT_EQ(a.skipped, b.skipped);
  // What it bought is the same question by question; only what that scored is turned round.
  EXPECT_EQ(a.cost, b.cost);
  EXPECT_EQ(a.calls, b.calls);
  if (a.skipped.empty()) {
    for (std::size_t i = 0; i < a.quality.size(); ++i)
      EXPECT_FLOAT_EQ(a.quality[i] + b.quality[i], a.rows[i / a.values])
          << "an answer was returned that was never bought";
  }
}

TEST_P(EveryPolicy, FitsTheSameWhateverTestRowsHold) {
  // With the answers of test rows gone as well, what it does before it has bought anything must not change:
  // the first call of every question is the same worker, so its cost is the same where one call is all.
  const Bench honest(Simulated(240));
  const Bench scrambled(Scrambled(honest.matrix, honest.facts.split.test, true), &honest.features);
  const Tally a = honest.Run(GetParam()), b = scrambled.Run(GetParam());
  for (std::size_t i = 0; i < a.calls.size(); ++i)
    if (a.calls[i] == a.rows[i / a.values] && b.calls[i] == a.calls[i]) {
      EXPECT_EQ(a.cost[i], b.cost[i]);
    }
}

TEST_P(EveryPolicy, RepeatsAndLivesWithMissingCells) {
  auto matrix = Simulated(240);
  Random random(9);
  for (Row& row : matrix.rows)
    if (random.Unit() < 0.3) row.cells[random.Below(3)] = {};
  const Bench bench(std::move(matrix));
  const Tally a = bench.Run(GetParam()), b = bench.Run(GetParam());
  EXPECT_EQ(a.quality, b.quality);
  EXPECT_EQ(a.cost, b.cost);
  if (a.skipped.empty()) {
    EXPECT_GE(Sum(a.calls), Sum(a.rows) * static_cast<double>(a.values)) << "no answer without a call";
  }
}

TEST_P(EveryPolicy, IsNoWorseThanRandomWhereMoneyIsNoObject) {
  const Bench bench(Simulated(400));
  const Tally random = bench.Run("random"), tally = bench.Run(GetParam());
  if (!tally.skipped.empty()) GTEST_SKIP() << GetParam() << ": " << tally.skipped;
  double quality = 0;
  for (std::size_t b = 0; b < tally.blocks; ++b)
    quality += static_cast<double>(tally.quality[b * tally.values + tally.values - 1]);
  EXPECT_GE(quality, Sum(random.quality));
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& kind : PolicyKinds()) names.emplace_back(kind.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Registry, EveryPolicy, ::testing::ValuesIn(Names()),
                         [](const auto& of) { return of.param; });

double QualityAt(const Bench& bench, std::string_view name, double budget) {
  const Tally t = bench.Run(name);
  const std::vector<CurvePoint> curve = CurveOf({t}, AllBlocks(bench.blocks, -1));
  double best = 0;
  for (const auto& p : curve)
    if (p.cost <= budget) best = std::max(best, p.quality);
  return best;
}

TEST(Policies, RoutersFindWhichQuestionsAreEasy) {
  // Easy ones to "small", hard ones to "large": about .915 for half of "large"'s .01; no fixed worker for
  // that money is better than .75 ("middle").
  Bench bench(Simulated(800));
  bench.Fine();
  for (const char* name : {"knn", "kmeans", "mf", "embedllm", "routerdc", "carrot", "router"})
    EXPECT_GT(QualityAt(bench, name, 0.0065), 0.85) << name;
}

TEST(Policies, AgreementAndCascadesFindWhatNoQuestionTells) {
  // Without a word in the prompt that tells easy from hard only answers tell: the two small ones agree on
  // easy questions, and "large" is asked where they do not, for .0074 in all.
  auto matrix = Simulated(800);
  for (Row& row : matrix.rows) row.prompt = "question";
  Bench bench(std::move(matrix));
  bench.Fine();
  for (const char* name : {"agreement3", "cascade_routing", "evidence"})
    EXPECT_GT(QualityAt(bench, name, 0.0085), 0.85) << name;
  EXPECT_LT(QualityAt(bench, "knn", 0.0085), 0.85);
}

TEST(Policies, VerdictsAreUsedForWhatTheyWereWorthOnTrainingRows) {
  // No two answers are equal and no question tells anything; only a verifier does, which is right in nine of
  // ten cases: "small" where it accepts (half of the questions are easy for it), "large" elsewhere.
  auto matrix = Simulated(800);
  Random random(5);
  int next = 0;
  for (Row& row : matrix.rows) {
    row.prompt = "question";
    for (Cell& cell : row.cells) {
      cell.answer = std::to_string(next++);
      cell.response = "The answer is " + cell.answer + ".";
      cell.verdicts = {static_cast<std::int8_t>((cell.score > 0.5F) == (random.Unit() < 0.9) ? 1 : -1)};
    }
  }
  Bench bench(matrix);
  bench.Fine();
  EXPECT_GT(QualityAt(bench, "evidence", 0.0085), 0.85);
  EXPECT_LT(QualityAt(bench, "evidence_no_verifier", 0.0085), 0.82);
  std::vector<std::size_t> rows(matrix.rows.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const VerdictRates rates(matrix, rows);
  const std::int8_t accept[] = {1}, reject[] = {-1}, unknown[] = {0};
  EXPECT_NEAR(rates.LogRatio(accept), std::log(9), 0.3);
  EXPECT_NEAR(rates.LogRatio(reject), -std::log(9), 0.3);
  EXPECT_EQ(rates.LogRatio(unknown), 0);
  EXPECT_EQ(rates.LogRatio({}), 0);
  EXPECT_EQ(VerdictRates().LogRatio(accept), 0) << "nothing was measured";
}

TEST(Policies, SelfConsistencyVotesAmongSamples) {
  // The answer most samples give is right; the first is not.
  OutcomeMatrix m;
  m.workers = {"w"};
  for (int r = 0; r < 60; ++r) {
    Row row;
    row.id = std::to_string(r);
    Cell cell;
    cell.recorded = true;
    cell.score = 0;
    cell.cost_usd = 0.001;
    cell.samples = {{0, "", "1", 1}, {1, "", "2", 1}, {1, "", "2", 1}};
    row.cells = {cell};
    m.rows.push_back(row);
  }
  const Bench bench(std::move(m));
  const Tally t = bench.Run("self_consistency");
  const auto curve = CurveOf({t}, AllBlocks(bench.blocks, -1));
  EXPECT_DOUBLE_EQ(curve.back().quality, 1);
  EXPECT_NEAR(curve.back().cost, 0.003, 1e-9) << "three samples are paid for";
  EXPECT_DOUBLE_EQ(curve.front().quality, 0) << "for little money one sample has to do";
}

TEST(Replay, PaysOnceAndScoresOnlyWhatWasBought) {
  const OutcomeMatrix m = Simulated(4);
  const std::vector<std::size_t> train = {0, 1};
  const CostForecast forecast(m, train);
  const std::vector<float> features(4);
  Replay replay(m, features, 1, forecast);
  replay.Load(2);
  replay.Ask(1);
  replay.Ask(1);
  EXPECT_EQ(replay.calls(), 1);
  EXPECT_DOUBLE_EQ(replay.spent_usd(), 0.002);
  EXPECT_EQ(replay.Score(1), m.rows[2].cells[1].score);
  EXPECT_EQ(replay.Score(0), 0) << "never asked";
  replay.memo() = {1};
  replay.Restart();
  EXPECT_EQ(replay.spent_usd(), 0);
  EXPECT_FALSE(replay.memo().empty());
  replay.Load(3);
  EXPECT_TRUE(replay.memo().empty());
}

}  // namespace
}  // namespace baton::evaluate
