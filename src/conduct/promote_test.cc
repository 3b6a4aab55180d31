// The gate, the MasRouter-style controller and the table of a live pool, over the scripted pool of
// train_fixture.h.
#include "conduct/promote.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "conduct/adam.h"
#include "conduct/file.h"
#include "conduct/gate_file.h"
#include "conduct/masrouter.h"
#include "conduct/report.h"
#include "conduct/table.h"
#include "conduct/train_fixture.h"

namespace baton::conduct {
namespace {

class PromoteTest : public TrainTest {
 public:
  void SetUp() override {
    TrainTest::SetUp();
    // 20 sums, 20 words, and 24 of which every second one is a sum.
    for (int i = 16; i < 64; ++i) {
      arena::Problem p = problems_[static_cast<std::size_t>(i % 2)];
      p.id = "p" + std::to_string(i);
      p.prompt += std::to_string(i);
      if (i >= 40) {
        p.family = "mixed";
        p.prompt += ", mixed";
      }
      problems_.push_back(std::move(p));
    }
    turns_ = Turns();
  }
  // Knows who knows what, in one turn.
  Coordinator Clever() {
    OptimiseOptions o = Options();
    o.replay_generations = 60;
    Coordinator c = EvolveOnRecorded(*rollouts_, turns_, rollouts_->Blank(1, false), o);
    return c;
  }
  static Task<void> KeepGate(Task<Gate> task, Gate* out) { *out = co_await std::move(task); }
  Gate GateOf(const Coordinator& c) {
    Gate gate;
    Do(KeepGate(MakeGate(*rollouts_, c, {problems_, problems_, turns_}), &gate));
    return gate;
  }
  // Asks the same worker whatever comes.
  Coordinator Always(std::size_t worker) {
    Coordinator c = rollouts_->Blank(kTurns, false);
    for (std::size_t i = 0; i < 4; ++i) c.head[worker * 4 + i] = 5;
    return c;
  }
  std::vector<conduct::Run> PlayEach(const Coordinator& c) {
    std::vector<Trial> trials;
    for (const auto& p : problems_) trials.push_back({&c, &p, 0});
    std::vector<conduct::Run> runs;
    Do(KeepRuns(rollouts_->Play(std::move(trials)), &runs));
    return runs;
  }
  SingleTurns turns_;
};

TEST_F(PromoteTest, ServesWhereItIsBetterThanTheSlicesOwnBestWorkerAndNowhereElse) {
  Coordinator c = Clever();
  c.gate = GateOf(c);
  ASSERT_EQ(c.gate->slices.size(), 3U);
  const auto &mixed = c.gate->slices[0], &sums = c.gate->slices[1], &words = c.gate->slices[2];
  EXPECT_EQ(mixed.slice, "mixed");
  EXPECT_TRUE(mixed.passed) << "either worker knows half of it, and it knows which half";
  EXPECT_GT(mixed.low, 0);
  EXPECT_EQ(mixed.problems, 24);
  EXPECT_EQ(sums.slice, "sums");
  EXPECT_EQ(sums.worker, "cheap");
  EXPECT_FALSE(sums.passed) << "nothing can be better than who knows all of it";
  EXPECT_EQ(words.worker, "dear");
  EXPECT_FALSE(words.passed) << "it beats the pool's best worker there, not the slice's own";
}

TEST_F(PromoteTest, WhatIsLikeNoSliceIsAnsweredByTheStrongest) {
  const Gate gate = GateOf(Clever());
  const auto left = gate.Ask(std::vector<float>{0, 0, 0, 1});
  EXPECT_EQ(left.worker, "dear");
  EXPECT_EQ(left.reason, "it is like nothing that was judged");
  EXPECT_EQ(gate.Ask(std::vector<float>{1, 0}).worker, "dear") << "read by another model";
  EXPECT_EQ(gate.Ask({}).worker, "dear");
  EXPECT_EQ(gate.Ask(turns_.states[0]).worker, "cheap");
  EXPECT_EQ(gate.Ask(turns_.states[40]).worker, "") << "of the family that it may serve";
}

TEST_F(PromoteTest, ATemplateOfItsOwnWidensTheSlicesReach) {
  const Coordinator c = Clever();
  const double narrow = GateOf(c).slices[0].reach;
  for (std::size_t i = 0; i < problems_.size(); ++i) problems_[i].form = static_cast<int>(i % 2);
  EXPECT_GT(GateOf(c).slices[0].reach, narrow) << "its mixed sums are far from its mixed words";
}

TEST_F(PromoteTest, ARefusedSliceIsAnsweredByItsBestWorkerOnce) {
  Coordinator c = Always(1);  // "dear", which is wrong on sums
  c.gate = GateOf(c);
  for (const auto& s : c.gate->slices) EXPECT_FALSE(s.passed) << s.slice;
  const auto runs = PlayEach(c);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(runs[i].rollout.score, 1) << problems_[i].prompt;
    EXPECT_EQ(runs[i].rollout.worker, i % 2 == 0 ? "cheap" : "dear");
    if (i % 2 == 0) {
      EXPECT_EQ(runs[i].rollout.steps.size(), 1U);
    }
  }
}

TEST(Gate, FewProblemsOrAnIntervalThatHoldsZeroIsARefusal) {
  EXPECT_FALSE(Judge("few", std::vector<double>(kLeastPerSlice - 1, 1.0)).passed);
  EXPECT_TRUE(Judge("enough", std::vector<double>(kLeastPerSlice, 1.0)).passed);
  EXPECT_FALSE(Judge("equal", std::vector<double>(100, 0.0)).passed);
  std::vector<double> mixed(100, 0.5);
  for (std::size_t i = 0; i < mixed.size(); i += 2) mixed[i] = -0.5;
  EXPECT_FALSE(Judge("mixed", mixed).passed);
  EXPECT_FALSE(Judge("none", {}).passed);
}

TEST_F(PromoteTest, TheGateIsPartOfTheFile) {
  Coordinator c = Clever();
  c.gate = GateOf(c);
  const std::string path = testing::TempDir() + "/gated.json";
  ASSERT_TRUE(Save(c, path));
  const auto back = Load(path);
  ASSERT_TRUE(back);
  ASSERT_TRUE(back->gate);
  EXPECT_EQ(back->gate->fallback, "dear");
  ASSERT_EQ(back->gate->slices.size(), 3U);
  EXPECT_EQ(back->gate->slices[1].centre, c.gate->slices[1].centre);
  EXPECT_EQ(back->gate->slices[1].worker, "cheap");
  EXPECT_EQ(back->gate->slices[0].reach, c.gate->slices[0].reach);
  EXPECT_EQ(back->gate->slices[0].passed, true);
  c.gate->fallback = "nobody";
  EXPECT_EQ(Save(c, path).error().reason, "bad_coordinator");
  c.gate->fallback = "cheap";
  c.gate->slices[0].worker = "nobody";
  EXPECT_EQ(Save(c, path).error().reason, "bad_coordinator");
  c.gate->slices[0].worker = "cheap";
  c.gate->slices[0].centre.pop_back();
  EXPECT_EQ(Save(c, path).error().reason, "bad_coordinator");
  c.gate->slices[0].centre.push_back(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(Save(c, path).error().reason, "bad_coordinator");
}

TEST_F(PromoteTest, AGateIsAFileOfItsOwnToo) {
  const Coordinator c = Clever();
  const std::string path = testing::TempDir() + "/gate.json";
  ASSERT_TRUE(SaveGate({c.base, "made for a test", GateOf(c)}, path));
  const auto back = LoadGate(path);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->base, c.base);
  EXPECT_EQ(back->origin, "made for a test");
  EXPECT_EQ(back->gate.fallback, "dear");
  ASSERT_EQ(back->gate.slices.size(), 3U);
  EXPECT_TRUE(back->gate.slices[0].passed);
  EXPECT_FALSE(back->gate.slices[1].passed);
  const std::string whole = *ReadWhole(path);
  ASSERT_TRUE(WriteWhole(path, whole.substr(0, whole.size() / 2)));
  EXPECT_EQ(LoadGate(path).error().reason, "bad_gate");
  std::string changed = whole;
  changed.replace(changed.find("\"passed\":false"), 14, "\"passed\":true ");
  ASSERT_TRUE(WriteWhole(path, changed));
  EXPECT_EQ(LoadGate(path).error().reason, "bad_gate") << "nobody lets himself in";
  GateFile other{c.base, "", GateOf(c)};
  other.base.width += 1;
  ASSERT_TRUE(SaveGate(other, path));
  EXPECT_EQ(LoadGate(path).error().reason, "bad_gate") << "centres of another model";
  ASSERT_TRUE(Save(c, path));
  EXPECT_EQ(LoadGate(path).error().reason, "bad_gate") << "another kind of file";
}

Task<void> TrainAndPlay(Rollouts* rollouts, const std::vector<arena::Problem>* problems,
                        const SingleTurns* turns, OptimiseOptions options, MasRouter* router,
                        std::vector<arena::Rollout>* played) {
  *router = co_await TrainMasRouter(*rollouts, *problems, *turns, std::move(options));
  *played = co_await PlayMasRouter(*rollouts, *router, *problems, *turns);
}

TEST_F(PromoteTest, TheMasRouterStyleControllerLearnsWhoKnowsWhat) {
  OptimiseOptions o = Options();
  o.generations = 60;
  MasRouter router;
  std::vector<arena::Rollout> tries;
  Do(TrainAndPlay(rollouts_.get(), &problems_, &turns_, o, &router, &tries));
  double right = 0;
  for (const auto& t : tries) right += t.score / static_cast<double>(tries.size());
  EXPECT_GE(right, 0.9);
  EXPECT_EQ(router.head.size(), (kForms + 6) * 4);
}

TEST_F(PromoteTest, TheTableHasEveryRowOnTheSameProblemsAndTheirTimes) {
  Make(nullptr, TableFlows({"cheap", "dear"}, "dear"));
  RolloutOptions ro;
  ro.usd_per_right = 0.01;
  rollouts_ =
      std::make_unique<Rollouts>(*environment_, reader_, std::vector<std::string>{"cheap", "dear"}, ro);
  Coordinator c = Clever();
  c.gate = GateOf(c);
  TableOptions o;
  o.gate = problems_;
  o.optimise = Options();
  o.optimise.generations = 2;
  o.languages = {"cheap", "dear"};
  o.conductor = "dear";
  o.coordinator = &c;
  o.timed = 2;
  o.fresh = rollouts_.get();
  Study study;
  const auto keep = [](Task<Study> task, Study* out) -> Task<void> { *out = co_await std::move(task); };
  Do(keep(RunTable(*rollouts_, problems_, problems_, std::move(o)), &study));
  std::vector<std::string> names;
  for (const auto& m : study.policies) {
    names.push_back(m.name);
    EXPECT_EQ(m.tries.size(), problems_.size()) << m.name;
    EXPECT_GE(m.ms, 0) << m.name;
  }
  EXPECT_EQ(names, (std::vector<std::string>{
                       "best_single", "worker:cheap", "worker:dear", "oracle", "supervised",
                       "masrouter_style", "coordinator", "coordinator_gated", "self_consistency", "majority",
                       "mixture_of_agents", "prompted_planner:cheap", "prompted_planner:dear", "conductor",
                       "conductor_recursive", "conductor_gated"}));
  // A conductor whose plans nobody can read: "dear" answers everything, and nothing better than "dear" does.
  ASSERT_TRUE(study.conductor_gate);
  for (const auto& s : study.conductor_gate->slices) EXPECT_FALSE(s.passed) << s.slice;
  EXPECT_NEAR(study.policies[study.policies.size() - 3].accuracy(), 0.5, 1e-9);
  EXPECT_NEAR(study.policies.back().accuracy(), (20 + 20 + 12) / 64.0, 1e-9)
      << "every slice's own best worker answers";
  const auto json = nlohmann::json::parse(ReportJson(study, problems_, {}));
  EXPECT_EQ(json["slices"]["words"]["coordinator"]["accuracy"], 1.0);
  EXPECT_EQ(json["slices"]["words"]["n_test"], 20);
  EXPECT_EQ(json["gate"]["slices"]["sums"]["passed"], false);
  EXPECT_EQ(json["conductor_gate"]["slices"]["words"]["worker"], "dear");
  EXPECT_EQ(json["inspect"]["worker:dear"]["steps"][""]["1"], 1.0);
  EXPECT_NE(TablePage(study, problems_, {}).find("words (20)"), std::string::npos);
}

TEST_F(PromoteTest, InspectNamesCollapseExpectedSharesAndWhatChanged) {
  Study study;
  study.coordinator = rollouts_->Blank(1, false);
  study.policies.push_back(MeasureSingle(turns_, 0, "best_single"));
  study.policies.push_back(MeasureSingle(turns_, 1, "coordinator"));
  study.policies.push_back(MeasureOracle(*rollouts_, turns_));
  const std::string before = ReportJson(study, problems_, {});
  study.policies[1] = MeasureOracle(*rollouts_, turns_);
  study.policies[1].name = "coordinator";
  const std::string now = ReportJson(study, problems_, {});
  const auto collapsed = InspectText(before, "coordinator");
  ASSERT_TRUE(collapsed);
  EXPECT_NE(collapsed->find("COLLAPSED: nine tenths of its answers come from dear"), std::string::npos);
  EXPECT_NE(collapsed->find("dear 100 % (50 %)"), std::string::npos) << *collapsed;
  const auto changed = InspectText(now, "coordinator", before);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->find("COLLAPSED"), std::string::npos);
  EXPECT_NE(changed->find("cheap +50 points"), std::string::npos) << *changed;
  EXPECT_EQ(InspectText(now, "nobody").error().reason, "no_policy");
  EXPECT_EQ(InspectText("{}", "coordinator").error().reason, "bad_results");
  EXPECT_EQ(InspectText(now.substr(0, now.size() / 2), "coordinator").error().reason, "bad_results");
}

TEST(Spread, NumbersThatAreAlwaysLargeGetSmallSteps) {
  SingleTurns turns;
  turns.states = {{0.99F, 0.1F, 0.0F, 0.1F}, {0.98F, 0.1F, 0.0F, -0.17F}, {}};
  const auto spread = SpreadOf(turns, 4);
  EXPECT_LT(spread[0], 0.6);
  EXPECT_EQ(spread[2], 4);
  EXPECT_GT(spread[1], spread[0]);
  EXPECT_EQ(SpreadOf({}, 3), std::vector<double>(3, 1.0));
}

TEST(Adam, AGradientThatIsNoNumberMovesNothing) {
  Adam adam(2, 0.1);
  std::vector<float> at = {1, 2};
  adam.Step({std::numeric_limits<double>::quiet_NaN(), 1}, &at);
  EXPECT_EQ(at, (std::vector<float>{1, 2}));
  adam.Step({1, -1}, &at);
  EXPECT_GT(at[0], 1);
  EXPECT_LT(at[1], 2);
}

}  // namespace
}  // namespace baton::conduct
