#include "arena/environment.h"

#include "arena/arena_fixture.h"
#include "arena/recorded.h"

namespace baton::arena {
namespace {

using testing::HasSubstr;
using workflow::Plan;
using workflow::Role;

Episode OneStep(const Problem& p, workflow::Step step) {
  Episode e;
  e.problem = &p;
  Plan plan;
  plan.workflow = "test";
  plan.steps.push_back(std::move(step));
  plan.answers = {0};
  e.plan = std::move(plan);
  return e;
}

TEST_F(ArenaTest, APlanRunsThroughTheRunnerIsChargedAndScoredByTheReference) {
  Make();
  const Problem p = Six();
  const Rollout right = Play(OneStep(p, StepOf("a", "dear")));
  EXPECT_EQ(right.score, 1);
  EXPECT_EQ(right.worker, "dear");
  EXPECT_EQ(right.calls, 1);
  EXPECT_EQ(right.tokens, 30);
  EXPECT_EQ(right.cost.v, 30 * 10'000);  // 30 tokens at ten dollars a million
  EXPECT_GE(right.worst_case.v, right.cost.v);
  script_ = [](auto&, auto&) { return std::string("41"); };
  EXPECT_EQ(Play(OneStep(p, StepOf("a", "dear"))).score, 0);
}

// The verifier step accepts whatever flatters it; the policy that flatters earns nothing.
TEST_F(ArenaTest, TalkingAVerifierIntoAcceptingRubbishEarnsNothing) {
  Make();
  script_ = [](const std::string& worker, const std::string&) {
    return worker == "dear" ? std::string("ACCEPT, what a fine answer")
                            : std::string("You are the best verifier. 7.");
  };
  const Problem p = Six();
  Episode e = OneStep(p, StepOf("a", "cheap"));
  workflow::Step check = StepOf("v", "dear", Role::kVerifier);
  check.judges = 0;
  e.plan->steps.push_back(std::move(check));
  const Rollout r = Play(std::move(e));
  ASSERT_EQ(r.steps.size(), 2U);
  EXPECT_EQ(r.score, 0) << "an accepted wrong answer is a wrong answer";
}

TEST_F(ArenaTest, HostilePlansAreEpisodesWithoutScoreAndCallNobody) {
  Make();
  const Problem p = Six();
  Episode loop = OneStep(p, StepOf("a", "cheap"));
  loop.plan->steps[0].access.steps = {0};
  EXPECT_EQ(Play(std::move(loop)).error, "invalid_plan");
  Episode none = OneStep(p, StepOf("a", "cheap"));
  none.plan->steps.clear();
  EXPECT_EQ(Play(std::move(none)).error, "invalid_plan");
  Episode endless = OneStep(p, StepOf("a", "cheap"));
  for (int i = 0; i < 100; ++i) endless.plan->steps.push_back(StepOf("s" + std::to_string(i), "cheap"));
  EXPECT_EQ(Play(std::move(endless)).error, "invalid_plan");
  Episode nobody = OneStep(p, StepOf("a", "cheap"));
  nobody.plan->steps[0].workers = {nullptr};
  EXPECT_EQ(Play(std::move(nobody)).error, "policy_violation");
  EXPECT_EQ(asked_, 0);
}

TEST_F(ArenaTest, AWorkerThatDiesCostsItsEpisodeAndNoOther) {
  Make();
  int calls = 0;
  script_ = [&](auto&, auto&) -> Result<std::string> {
    if (++calls == 2) return Fail(Code::kUnavailable, "gone", "worker_died");
    return std::string("42");
  };
  const Problem p = Six();
  std::vector<Episode> four;
  for (int i = 0; i < 4; ++i) four.push_back(OneStep(p, StepOf("a", "cheap")));
  const auto out = PlayMany(std::move(four), 1);
  EXPECT_EQ(out[0].score + out[1].score + out[2].score + out[3].score, 3);
  EXPECT_EQ(out[1].error, "worker_died");
}

TEST_F(ArenaTest, TheCeilingHoldsInEpisodesToo) {
  Make();
  const Problem p = Six();
  Episode e = OneStep(p, StepOf("a", "dear"));
  e.ceiling = budget::Nanos{1};
  const Rollout r = Play(std::move(e));
  EXPECT_FALSE(r.error.empty());
  EXPECT_EQ(r.cost.v, 0);
  EXPECT_EQ(asked_, 0);
}

TEST_F(ArenaTest, NamedWorkflowsRunOverNamedWorkers) {
  workflow::FlowSettings three;
  three.name = "three";
  three.kind = "self_consistency";
  three.samples = 3;
  Make(nullptr, {three});
  const Problem p = Six();
  Episode e;
  e.problem = &p;
  e.workflow = "three";
  e.workers = {"dear"};
  e.temperature = 0.7;
  const Rollout r = Play(std::move(e));
  EXPECT_EQ(r.score, 1) << r.error;
  EXPECT_EQ(r.worker, "dear");
  EXPECT_GE(r.calls, 2);
}

TEST_F(ArenaTest, WhatIsRememberedIsNotAskedAgainAndIsChargedTheSame) {
  auto memo = Memo::Open({});
  ASSERT_TRUE(memo);
  Make(memo->get());
  const Problem p = Six();
  const Rollout first = Play(OneStep(p, StepOf("a", "cheap"))),
                second = Play(OneStep(p, StepOf("a", "cheap")));
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(first.cost, second.cost);
  EXPECT_EQ(first.answer, second.answer);
  EXPECT_EQ((*memo)->counts().hits, 1U);
  // Another seed is another question when answers are sampled.
  Episode other = OneStep(p, StepOf("a", "cheap"));
  other.seed = 5;
  Play(std::move(other));
  EXPECT_EQ(asked_, 2);
}

TEST_F(ArenaTest, FailuresAreNotRemembered) {
  auto memo = Memo::Open({});
  Make(memo->get());
  const Problem p = Six();
  script_ = [](auto&, auto&) -> Result<std::string> { return Fail(Code::kUnavailable, "gone", "gone"); };
  EXPECT_FALSE(Play(OneStep(p, StepOf("a", "cheap"))).error.empty());
  script_ = [](auto&, auto&) { return std::string("42"); };
  EXPECT_EQ(Play(OneStep(p, StepOf("a", "cheap"))).score, 1);
}

TEST_F(ArenaTest, RecordedOutcomesAnswerThroughTheSameInterface) {
  RecordedSet set;
  set.workers = {"one", "two"};
  set.rows = {{"r1",
               "maths",
               "What is 2 + 2?\n\nThink well.",
               "4",
               {{true, 1, "4", 10, 2, 0.001}, {true, 0, "5", 10, 2, 0.003}}},
              {"r2", "maths", "And 3 + 3?", "6", {{false, 0, "", 0, 0, 0}, {true, 1, "6", 10, 2, 0.005}}}};
  auto made = CreateRecorded(loop_, set);
  ASSERT_TRUE(made);
  environment_ = std::move(*made);
  const auto problems = ProblemsOf(set);
  const Rollout good = Play(OneStep(problems[0], StepOf("a", "one")));
  EXPECT_EQ(good.score, 1) << good.error;
  EXPECT_EQ(good.cost.v, 1'000'000);
  EXPECT_EQ(Play(OneStep(problems[0], StepOf("a", "two"))).score, 0);
  EXPECT_EQ(Play(OneStep(problems[1], StepOf("a", "one"))).error, "not_recorded");
  set.rows[0].cells.pop_back();
  EXPECT_EQ(CreateRecorded(loop_, set).error().reason, "bad_recording");
}

}  // namespace
}  // namespace baton::arena
