// The whole of training in small: a scripted pool, states that say what kind of problem it is, real episodes.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "arena/arena_fixture.h"
#include "conduct/file.h"
#include "conduct/optimise.h"

namespace baton::conduct {
namespace {

using arena::Problem;
using workflow::Role;

// Four numbers: the kind of problem, and whether somebody has answered.
class FakeReader : public StateReader {
 public:
  Task<Result<ReadState>> Read(std::string t) override {
    if (broken) co_return Fail(Code::kInternal, "no state", "decode");
    const bool answered = t.find("worker (") != std::string::npos;
    std::vector<float> s = {t.find("sum") != std::string::npos ? 1.0f : 0.0f,
                            t.find("word") != std::string::npos ? 1.0f : 0.0f, answered ? 1.0f : 0.0f, 0.5f};
    float norm = 0;
    for (const float v : s) norm += v * v;
    for (float& v : s) v /= std::sqrt(norm);
    co_return ReadState{s, 10};
  }
  const BaseModel& base() const override { return base_; }
  bool broken = false;

 private:
  BaseModel base_{"fake", "", 4, 1, 1};
};

class TrainTest : public arena::ArenaTest {
 public:
  // "cheap" knows sums, "dear" knows words; as verifiers both accept.
  void SetUp() override {
    script_ = [](const std::string& worker, const std::string& text) -> Result<std::string> {
      if (text.find("ACCEPT") != std::string::npos) return std::string("ACCEPT");
      const bool sum = text.find("sum") != std::string::npos;
      return std::string(sum == (worker == "cheap") ? "42" : "7");
    };
    Make();
    for (int i = 0; i < 16; ++i) {
      Problem p = Six();
      p.id = "p" + std::to_string(i);
      p.prompt = (i % 2 == 0 ? "a sum, number " : "a word, number ") + std::to_string(i);
      problems_.push_back(p);
    }
    RolloutOptions o;
    o.usd_per_right = 0.01;
    rollouts_ =
        std::make_unique<Rollouts>(*environment_, reader_, std::vector<std::string>{"cheap", "dear"}, o);
  }
  static Task<void> Keep(Task<Result<Optimised>> task, Result<Optimised>* out) {
    *out = co_await std::move(task);
  }
  static Task<void> Keep(Task<Optimised> task, Result<Optimised>* out) { *out = co_await std::move(task); }
  static Task<void> KeepRuns(Task<std::vector<conduct::Run>> task, std::vector<conduct::Run>* out) {
    *out = co_await std::move(task);
  }
  static Task<void> KeepTurns(Task<SingleTurns> task, SingleTurns* out) { *out = co_await std::move(task); }

  Result<Optimised> RunEvolve(OptimiseOptions o) {
    Result<Optimised> out = Error{};
    Do(Keep(Evolve(*rollouts_, problems_, rollouts_->Blank(kTurns, true), std::move(o)), &out));
    return out;
  }
  static OptimiseOptions Options() {
    OptimiseOptions o;
    o.generations = 12;
    o.replications = 8;
    o.population = 10;
    o.sigma = 0.5;
    o.seed = 3;
    return o;
  }
  double Accuracy(const Coordinator& c) {
    std::vector<Trial> trials;
    for (const auto& p : problems_) trials.push_back({&c, &p, 0});
    std::vector<conduct::Run> runs;
    Do(KeepRuns(rollouts_->Play(std::move(trials)), &runs));
    double sum = 0;
    for (const auto& r : runs) sum += r.rollout.score;
    return sum / static_cast<double>(runs.size());
  }
  SingleTurns Turns() {
    SingleTurns out;
    Do(KeepTurns(rollouts_->PlaySingleTurns(problems_), &out));
    return out;
  }

  FakeReader reader_;
  std::vector<Problem> problems_;
  std::unique_ptr<Rollouts> rollouts_;
};

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
