// Plans as text and as data: what is read, what is refused.

#include <gmock/gmock.h>

#include "workflow/plan_check.h"
#include "workflow/plan_text.h"
#include "workflow/team_fixture.h"

namespace baton::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(PlanText, ReadsThreeListsBehindFreeReasoning) {
  const auto steps = ParseLists(
      "First I think about [brackets] and model_id words.\n"
      "model_id    = [2, 0]\n"
      "subtasks    = [\"Outline it\", 'Write \\'it\\' out']\n"
      "access_list = [[], [\"all\"]]\n",
      5);
  ASSERT_TRUE(steps) << steps.error().message;
  ASSERT_EQ(steps->size(), 2U);
  EXPECT_EQ((*steps)[0], (WrittenStep{2, "Outline it", false, {}}));
  EXPECT_EQ((*steps)[1], (WrittenStep{0, "Write 'it' out", true, {}}));
}

TEST(PlanText, TheLastListsCountAndJsonIsFineToo) {
  const auto steps = ParseLists(
      "model_id=[1] subtasks=['draft'] access_list=[[]] no, better:\n"
      R"({"model_id": [0, 1, 1], "subtasks": ["a", "b]", "c"], "access_list": [[], [0], [0, 1]]})",
      5);
  ASSERT_TRUE(steps) << steps.error().message;
  EXPECT_EQ((*steps)[1].subtask, "b]");
  EXPECT_THAT((*steps)[2].sees, ElementsAre(0, 1));
}

TEST(PlanText, ThreeEmptyListsMeanKeep) {
  const auto steps = ParseLists("model_id = []\nsubtasks = []\naccess_list = []", 5);
  ASSERT_TRUE(steps);
  EXPECT_TRUE(steps->empty());
}

TEST(PlanText, WhatIsNotThreeEqualListsIsUnparseable) {
  for (const char* text : {"", "I would ask model 1.", "model_id = [1]",
                           "model_id = [1, 2]\nsubtasks = ['a']\naccess_list = [[]]",
                           "model_id = ['one']\nsubtasks = ['a']\naccess_list = [[]]",
                           "model_id = [1]\nsubtasks = [open('/etc/passwd')]\naccess_list = [[]]",
                           "model_id = [1]\nsubtasks = ['a']\naccess_list = [['some']]",
                           "model_id = [1\nsubtasks = ['a'", "[[[[[[[["}) {
    const auto steps = ParseLists(text, 5);
    ASSERT_FALSE(steps) << text;
    EXPECT_EQ(steps.error().reason, "unparseable_plan") << text;
  }
}

TEST(PlanText, TenThousandStepsAreRefusedWithoutReadingThemAll) {
  std::string ids = "model_id = [0", tasks = "subtasks = ['a'", access = "access_list = [[]";
  for (int i = 1; i < 200; ++i) {
    ids += ",0";
    tasks += ",'a'";
    access += ",[]";
  }
  const auto some = ParseLists(ids + "]\n" + tasks + "]\n" + access + "]", 5);
  ASSERT_FALSE(some);
  EXPECT_EQ(some.error().reason, "plan_too_long");
  for (int i = 200; i < 10'000; ++i) ids += ",0";
  EXPECT_FALSE(ParseLists(ids + "]\n" + tasks + "]\n" + access + "]", 5));
}

TEST(PlanText, WritingAndReadingAgree) {
  const std::vector<WrittenStep> steps = {
      {0, "a \"quoted\"\nline", false, {}}, {2, "b\\c", false, {0}}, {1, "", true, {}}};
  const auto read = ParseLists("thinking\n" + WriteLists(steps), 5);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, steps);
}

TEST(PlanText, AppendingShiftsReferencesAndRefusesWhatThereIsNot) {
  pool::Worker a, b;
  a.name = "a";
  b.name = "b";
  Plan plan;
  plan.steps.emplace_back().name = "plan";
  ASSERT_TRUE(AppendWritten({{1, "x", false, {}}, {0, "y", false, {0}}}, {&a, &b}, "p", &plan));
  ASSERT_EQ(plan.steps.size(), 3U);
  EXPECT_THAT(plan.steps[2].access.steps, ElementsAre(1));
  EXPECT_THAT(plan.answers, ElementsAre(2));
  EXPECT_TRUE(plan.steps[2].answers_client);
  const auto outside = AppendWritten({{2, "x", false, {}}}, {&a, &b}, "q", &plan);
  EXPECT_EQ(outside.error().reason, "unknown_worker");
  const auto forward = AppendWritten({{0, "x", false, {0}}}, {&a, &b}, "q", &plan);
  EXPECT_EQ(forward.error().reason, "forward_reference");
  EXPECT_EQ(plan.steps.size(), 3U) << "a refused plan changes nothing";
}

class PlanCheck : public Team {
 protected:
  std::string Why(Plan plan) {
    auto r = Admit(false);
    const Status fine = Check(plan, *r->permit);
    return fine ? "" : fine.error().message;
  }
  Plan Two() {
    Plan plan;
    for (const char* name : {"one", "two"}) {
      Step s;
      s.name = name;
      s.workers = {W("cheap")};
      plan.steps.push_back(std::move(s));
    }
    plan.steps[1].access.steps = {0};
    plan.answers = {1};
    return plan;
  }
};

TEST_F(PlanCheck, AFinePlanPasses) {
  EXPECT_EQ(Why(Two()), "");
}

TEST_F(PlanCheck, ForwardReferencesSelfReferencesAndCyclesCannotBeWritten) {
  Plan plan = Two();
  plan.steps[0].access.steps = {1};
  EXPECT_THAT(Why(plan), HasSubstr("refers forward to 'two'"));
  plan = Two();
  plan.steps[1].access.steps = {1};
  EXPECT_THAT(Why(plan), HasSubstr("waits for itself"));
  plan = Two();
  Clause t;
  t.what = Clause::What::kRejected;
  t.step = 1;
  plan.steps[0].when = {{t}};
  EXPECT_THAT(Why(plan), HasSubstr("forward"));
  plan = Two();
  plan.steps[1].access.steps = {7};
  EXPECT_THAT(Why(plan), HasSubstr("which there is not"));
}

TEST_F(PlanCheck, TenThousandStepsAreRefused) {
  Plan plan = Two();
  for (int i = 0; i < 10'000; ++i) {
    Step s;
    s.name = std::to_string(i);
    s.workers = {W("cheap")};
    plan.steps.push_back(std::move(s));
  }
  EXPECT_THAT(Why(plan), HasSubstr("at most 64"));
}

TEST_F(PlanCheck, AWorkerOutsideThePermitIsAForbiddenDataFlow) {
  AddWorker("vault", 1, {"public", "internal", "personal"});
  Build();
  Question("my SECRET name");
  Plan plan = Two();
  auto r = Admit(false);
  const Status fine = Check(plan, *r->permit);
  ASSERT_FALSE(fine);
  EXPECT_EQ(fine.error().reason, "policy_violation");
  EXPECT_THAT(fine.error().message, HasSubstr("'cheap'"));
}

TEST_F(PlanCheck, EveryOtherWayToWriteNonsenseIsNamed) {
  Plan plan = Two();
  plan.steps[1].name = "one";
  EXPECT_THAT(Why(plan), HasSubstr("two steps are called"));
  plan = Two();
  plan.answers = {};
  EXPECT_THAT(Why(plan), HasSubstr("which step"));
  plan = Two();
  plan.answers = {9};
  EXPECT_THAT(Why(plan), HasSubstr("answer is step 9"));
  plan = Two();
  plan.steps[0].workers.clear();
  EXPECT_THAT(Why(plan), HasSubstr("no worker"));
  plan = Two();
  plan.steps[0].instruction.assign(kMaxInstruction + 1, 'x');
  EXPECT_THAT(Why(plan), HasSubstr("instruction"));
  EXPECT_THAT(Why(Plan{}), HasSubstr("at least one step"));
}

TEST(Progress, ItemsAreBulletsNumbersAListOrLines) {
  EXPECT_THAT(ItemsOf("Here:\n- one\n* two\n3. three\n4) four\n", 9),
              ElementsAre("one", "two", "three", "four"));
  EXPECT_THAT(ItemsOf("[\"a\", 'b, c']", 9), ElementsAre("a", "b, c"));
  EXPECT_THAT(ItemsOf("x\n\n y \n", 9), ElementsAre("x", "y"));
  EXPECT_EQ(ItemsOf("- a\n- b\n- c", 2).size(), 2U);
  EXPECT_TRUE(ItemsOf("", 2).empty());
}

TEST(Progress, AVerdictStandsAtTheStartOrThereIsNone) {
  EXPECT_EQ(ReadVerdict("**ACCEPT**: fine"), verify::Verdict::kAccept);
  EXPECT_EQ(ReadVerdict(" Reject. The sum is wrong."), verify::Verdict::kReject);
  EXPECT_EQ(ReadVerdict("I would not accept this"), verify::Verdict::kUnknown);
  EXPECT_EQ(ReadVerdict(""), verify::Verdict::kUnknown);
}

}  // namespace
}  // namespace baton::workflow
