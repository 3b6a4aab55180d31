// The whole of training in small: a scripted pool, states that say what kind of problem it is, real episodes.
#include <gtest/gtest.h>

#include <cstdio>

#include "conduct/file.h"
#include "conduct/train_fixture.h"

namespace baton::conduct {
namespace {

TEST_F(TrainTest, EvolutionLearnsWhoKnowsWhat) {
  auto out = RunEvolve(Options());
  ASSERT_TRUE(out);
  EXPECT_EQ(out->curve.size(), 12U);
  EXPECT_GT(out->curve.back().mean, out->curve.front().mean + 0.1);
  EXPECT_GE(Accuracy(out->coordinator), 0.9);
  EXPECT_EQ(out->rollouts, 12 * 10 * 8);
}

TEST_F(TrainTest, RecordedTurnsAndLabelsTeachTheSameWithoutAnotherCall) {
  const SingleTurns turns = Turns();
  const int asked = asked_;
  OptimiseOptions o = Options();
  o.replay_generations = 60;
  Coordinator evolved = EvolveOnRecorded(*rollouts_, turns, rollouts_->Blank(1, false), o);
  const Coordinator fitted = FitLabels(*rollouts_, turns, rollouts_->Blank(1, false));
  EXPECT_EQ(asked_, asked);
  EXPECT_EQ(Accuracy(evolved), 1);
  EXPECT_EQ(Accuracy(fitted), 1);
  for (std::size_t i = 8; i < evolved.head.size(); ++i)
    EXPECT_EQ(evolved.head[i], 0) << "roles learn nothing from one turn";
}

TEST_F(TrainTest, ControlsUseAsManyRollouts) {
  const OptimiseOptions o = Options();
  Result<Optimised> random = Error{}, gradient = Error{};
  Do(Keep(RandomSearch(*rollouts_, problems_, rollouts_->Blank(kTurns, true), o), &random));
  Do(Keep(Reinforce(*rollouts_, problems_, rollouts_->Blank(kTurns, true), o), &gradient));
  EXPECT_EQ(random->rollouts, 12 * 10 * 8);
  EXPECT_EQ(gradient->rollouts, 12 * 10 * 8);
  EXPECT_NE(gradient->coordinator.head, rollouts_->Blank(kTurns, true).head);
}

TEST_F(TrainTest, KilledAndResumedTheCurveIsTheSame) {
  const auto whole = RunEvolve(Options());
  OptimiseOptions o = Options();
  o.checkpoint = testing::TempDir() + "/train_checkpoint.json";
  std::remove(o.checkpoint.c_str());
  o.resume = true;
  int rows = 0;
  o.on_row = [&](const CurveRow&) { ++rows; };
  o.stop = [&] { return rows >= 5; };
  ASSERT_TRUE(RunEvolve(o));
  o.stop = nullptr;
  const auto rest = RunEvolve(o);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->curve, whole->curve);
  EXPECT_EQ(rest->coordinator.head, whole->coordinator.head);
  EXPECT_EQ(rows, 12);
}

TEST_F(TrainTest, CutShortOrForeignCheckpointsAreRefused) {
  OptimiseOptions o = Options();
  o.generations = 2;
  o.checkpoint = testing::TempDir() + "/bad_checkpoint.json";
  o.resume = true;
  std::remove(o.checkpoint.c_str());
  ASSERT_TRUE(RunEvolve(o));
  const std::string whole = *ReadWhole(o.checkpoint);
  ASSERT_TRUE(WriteWhole(o.checkpoint, whole.substr(0, whole.size() / 2)));
  EXPECT_EQ(RunEvolve(o).error().reason, "bad_checkpoint");
  ASSERT_TRUE(WriteWhole(o.checkpoint, whole));
  o.seed = 99;
  EXPECT_EQ(RunEvolve(o).error().reason, "other_checkpoint");
  o.checkpoint = "/no/such/folder/checkpoint.json";
  EXPECT_EQ(RunEvolve(o).error().reason, "cannot_write");
}

TEST_F(TrainTest, AcceptEndsARunAndSoDoFiveTurns) {
  Coordinator c = rollouts_->Blank(kTurns, true);
  // Verifies as soon as there is an answer.
  c.head[(2 + 2) * 4 + 2] = 10;
  c.head[(2 + 0) * 4 + 3] = 3;
  std::vector<conduct::Run> runs;
  const auto play = [&] {
    std::vector<Trial> one = {{&c, &problems_[0], 0}};
    Do(KeepRuns(rollouts_->Play(std::move(one)), &runs));
  };
  play();
  ASSERT_EQ(runs[0].rollout.steps.size(), 2U);
  EXPECT_EQ(runs[0].rollout.steps[1].verdict, "accept");
  EXPECT_EQ(runs[0].rollout.score, 1);
  script_ = [](auto&, const std::string& text) -> Result<std::string> {
    return std::string(text.find("ACCEPT") != std::string::npos ? "REJECT: no" : "42");
  };
  play();
  EXPECT_EQ(runs[0].rollout.steps.size(), static_cast<std::size_t>(kTurns));
  EXPECT_EQ(runs[0].rollout.score, 1) << "rejected, and still the best there was";
}

TEST_F(TrainTest, TheLastTurnLeavesAnAnswer) {
  Coordinator c = rollouts_->Blank(kTurns, true);
  for (int i = 0; i < 4; ++i) c.head[static_cast<std::size_t>((2 + 1) * 4 + i)] = 10;  // thinks for ever
  std::vector<conduct::Run> runs;
  std::vector<Trial> one = {{&c, &problems_[0], 0}};
  Do(KeepRuns(rollouts_->Play(std::move(one)), &runs));
  ASSERT_EQ(runs[0].rollout.steps.size(), 5U);
  EXPECT_EQ(runs[0].rollout.steps[3].role, "thinker");
  EXPECT_EQ(runs[0].rollout.steps[4].role, "worker");
}

TEST_F(TrainTest, AnUnreadableTranscriptStillGetsAnAnswer) {
  reader_.broken = true;
  const Coordinator c = rollouts_->Blank(kTurns, true);
  std::vector<conduct::Run> runs;
  std::vector<Trial> one = {{&c, &problems_[0], 0}};
  Do(KeepRuns(rollouts_->Play(std::move(one)), &runs));
  EXPECT_EQ(runs[0].rollout.steps.size(), 1U);
  EXPECT_EQ(runs[0].rollout.worker, "cheap");
}

TEST_F(TrainTest, AWorkerThatDiesDuringRolloutsEndsNothing) {
  int calls = 0;
  script_ = [&](auto&, auto&) -> Result<std::string> {
    if (++calls % 3 == 0) return Fail(Code::kUnavailable, "gone", "worker_died");
    return std::string("42");
  };
  OptimiseOptions o = Options();
  o.generations = 2;
  const auto out = RunEvolve(o);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->curve.size(), 2U);
}

}  // namespace
}  // namespace baton::conduct
