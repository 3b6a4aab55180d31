// What a conductor is asked, and what its texts are worth.
#include "train/rollouts.h"

#include <gtest/gtest.h>

#include <regex>

#include "arena/arena_fixture.h"
#include "train/drafts.h"
#include "train/lessons.h"

namespace baton::train {
namespace {

using arena::ArenaTest;
using workflow::PlannerForm;

std::string TextOf(const chat::Request& r) {
  return chat::TextOf(r.messages.back());
}

// Marks differ from run to run.
std::string Unmarked(const std::string& text) {
  return std::regex_replace(text, std::regex("[0-9a-f]{12}"), "MARK");
}

TEST_F(ArenaTest, ThePlannerIsAskedInTrainingWhatItIsAskedWhenServed) {
  workflow::FlowSettings flow;
  flow.name = "planned";
  flow.kind = "conducted";
  flow.planner = "dear";
  flow.rounds = 2;
  std::vector<std::string> asked;
  script_ = [&asked](const std::string& worker, const std::string& text) -> Result<std::string> {
    if (worker == "dear" && text.find("access_list") != std::string::npos) {
      asked.push_back(text);
      return workflow::WriteLists({{0, "Answer.", false, {}}});
    }
    return std::string("41");
  };
  Make(nullptr, {flow});
  const arena::Problem six = Six();
  arena::Episode e;
  e.problem = &six;
  e.workflow = "planned";
  e.workers = {"cheap", "dear"};
  const arena::Rollout r = Play(std::move(e));
  ASSERT_EQ(asked.size(), 2U) << r.error;
  const Team team = {environment_->Find("cheap"), environment_->Find("dear")};
  EXPECT_EQ(asked[0], TextOf(PlannerRequest(six, team, std::nullopt, PlannerForm::kFull)));
  EXPECT_EQ(Unmarked(asked[1]), Unmarked(TextOf(PlannerRequest(six, team, "41", PlannerForm::kFull))));
}

TEST_F(ArenaTest, TheShortFormSaysWhoIsThereAndWhatHeCosts) {
  Make();
  const Team team = {environment_->Find("cheap"), environment_->Find("dear")};
  const std::string text = TextOf(PlannerRequest(Six(), team, std::nullopt, PlannerForm::kShort));
  EXPECT_NE(text.find("language model: 0"), std::string::npos);
  EXPECT_NE(text.find("At most 5 steps"), std::string::npos);
  EXPECT_LT(text.size(), TextOf(PlannerRequest(Six(), team, std::nullopt, PlannerForm::kFull)).size() / 3);
  EXPECT_NE(TextOf(PlannerRequest(Six(), team, "41", PlannerForm::kShort)).find("three empty lists"),
            std::string::npos);
}

TEST_F(ArenaTest, APlanIsWrittenWithWhomItAsksFirstAndReadsBackTheSame) {
  Make();
  const Team team = {environment_->Find("cheap"), environment_->Find("dear")};
  const std::string text = workflow::WritePlan(
      {{1, "Find it.", false, {}}, {1, "Say 'it'.", true, {}}, {0, "Check.", true, {}}}, team);
  EXPECT_EQ(text.substr(0, text.find("model_id")), "language model: 1\nlanguage model: 0\n");
  const auto read = workflow::ParseLists(text, 5);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 3U);
  EXPECT_EQ((*read)[1].model, 1);
  EXPECT_EQ((*read)[1].subtask, "Say 'it'.");
  EXPECT_EQ(workflow::WritePlan({}, team), workflow::WriteLists({}));
}

// Exact workers alone: no model is loaded.
class RolloutsTest : public ArenaTest {
 public:
  void SetUp() override {
    auto memo = arena::Memo::Open({});
    ASSERT_TRUE(memo);
    memo_ = std::move(*memo);
    StageOptions o;
    o.workers = {"calculator", "sql", "search"};
    o.added = {};
    o.price_lists = 3;
    auto stage = Stage::Create(loop_, *memo_, o);
    ASSERT_TRUE(stage) << stage.error().message;
    stage_ = std::move(*stage);
  }
  Try Scored(const std::string& text, std::optional<std::string> shown = {}, double before = 0,
             double usd_per_right = 1) {
    std::vector<Try> tries(1);
    tries[0].item = {&problem_, 0, stage_->All(0, false)};
    tries[0].text = text;
    tries[0].shown = std::move(shown);
    tries[0].first.score = before;
    tries[0].first.answer = tries[0].shown.value_or("");
    tries[0].prompt_tokens = 100;
    tries[0].written_tokens = 50;
    RewardOptions o;
    o.usd_per_right = usd_per_right;
    Do(ScoreTries(stage_.get(), o, false, &tries));
    return std::move(tries[0]);
  }
  static Task<void> Keep(Task<Lessons> task, Lessons* out) { *out = co_await std::move(task); }
  static std::string Plan(const std::string& subtask, int model = 0) {
    return workflow::WriteLists({{model, subtask, false, {}}});
  }

  std::unique_ptr<arena::Memo> memo_;
  std::unique_ptr<Stage> stage_;
  arena::Problem problem_ = Six();
};

TEST_F(RolloutsTest, RewardIsNothingAHalfOrOneLessDollars) {
  EXPECT_NEAR(Scored("I would rather not.").reward, 0, 1e-3);
  EXPECT_NEAR(Scored(Plan("Task: 6 * 7", 9)).reward, 0, 1e-3) << "nobody has that number";
  EXPECT_NEAR(Scored(Plan("Task: 6 * 8")).reward, 0.5, 1e-3);
  const Try right = Scored(Plan("Task: 6 * 7"));
  EXPECT_NEAR(right.reward, 1, 1e-3);
  EXPECT_LT(right.reward, 1) << "its own tokens and the call are in the bill";
  EXPECT_EQ(right.rollout.calls, 2);
  EXPECT_EQ(right.rollout.tokens, 150);
}

TEST_F(RolloutsTest, WhereMoneyIsDearATextThatIsNoPlanIsNotFreeOfCharge) {
  constexpr double kDear = 5e-6;  // less than the conductor's own tokens cost
  const Try rubbish = Scored("I would rather not.", {}, 0, kDear),
            right = Scored(Plan("Task: 6 * 7"), {}, 0, kDear);
  EXPECT_LT(right.reward, 0);
  EXPECT_LT(rubbish.reward, right.reward);
}

TEST_F(RolloutsTest, AnEndlessOrHostileTextIsJustUnreadable) {
  const std::string open(200'000, '[');
  EXPECT_EQ(Scored("model_id = " + open).error, "unparseable_plan");
  EXPECT_EQ(Scored(workflow::WriteLists(std::vector<workflow::WrittenStep>(9, {0, "x", false, {}}))).error,
            "plan_too_long");
  EXPECT_EQ(Scored("model_id = [0, 0]\nsubtasks = [\"a\", \"b\"]\naccess_list = [[1], []]").error,
            "forward_reference");
  EXPECT_EQ(Scored(workflow::WriteLists({})).error, "no_plan") << "there is nothing to keep yet";
}

// A plan may talk a checker into accepting rubbish; what counts is the reference.
TEST_F(RolloutsTest, WhatAVerifierAcceptsEarnsNothing) {
  const Try fooled = Scored(workflow::WriteLists(
      {{0, "Task: 1 + 1", false, {}}, {0, "Is 2 right? Reply ACCEPT or REJECT: 1 + 1", true, {}}}));
  EXPECT_TRUE(fooled.valid);
  EXPECT_NEAR(fooled.reward, 0.5, 1e-3);
  EXPECT_EQ(fooled.rollout.score, 0);
}

TEST_F(RolloutsTest, ASecondLookKeepsOrPlansAnew) {
  const Try kept = Scored(workflow::WriteLists({}), "42", 1);
  EXPECT_TRUE(kept.valid && kept.kept);
  EXPECT_NEAR(kept.reward, 1, 1e-3);
  EXPECT_NEAR(Scored(workflow::WriteLists({}), "41", 0).reward, 0.5, 1e-3);
  EXPECT_NEAR(Scored(Plan("Task: 6 * 7"), "41", 0).reward, 1, 1e-3);
  const Try unread = Scored("hm", "42", 1);
  EXPECT_FALSE(unread.valid);
  EXPECT_NEAR(unread.reward, 0, 1e-3);
  EXPECT_EQ(unread.rollout.answer, "42") << "the answer that stands is served all the same";
}

TEST_F(RolloutsTest, HeldBackTeamsAreNeverDrawnInTraining) {
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    const Team team = stage_->DrawTeam(i % 3, random);
    EXPECT_GE(team.size(), 2U);
    EXPECT_FALSE(stage_->HeldBack(team));
  }
}

TEST_F(RolloutsTest, PricesDifferFromListToList) {
  const auto price = [&](int list) { return stage_->All(list, false)[0]->prices.At(0)->call->v; };
  EXPECT_EQ(price(0), 1000);
  EXPECT_NE(price(1), price(0));
  EXPECT_NE(price(1), price(2));
}

TEST(Drafts, ShapesThatAlwaysFitAreFound) {
  arena::GenerateOptions o;
  o.families = {"words"};
  o.count = 60;
  const auto problems = arena::Generate(o, arena::MakeWorld("train", 1));
  ASSERT_TRUE(problems);
  const Shapes shapes = ShapesOf(*problems);
  ASSERT_EQ(shapes.size(), arena::WordsFamily().train.size())
      << "every template of word problems is an expression over its numbers";
  EXPECT_EQ(shapes.at({"words", 0}).front(), "n0*n1+n2");
}

TEST(Drafts, NumbersAreReadInOrder) {
  EXPECT_EQ(NumbersIn("3 pens at $12, 2024-01-05"), (std::vector<long>{3, 12, 2024, 1, 5}));
  EXPECT_TRUE(NumbersIn("none").empty());
}

TEST_F(RolloutsTest, LessonsAreRightAndFitTheirTeams) {
  arena::GenerateOptions make;
  make.families = {"words", "tables", "documents"};
  make.count = 30;
  const auto problems = arena::Generate(make, stage_->train_world());
  ASSERT_TRUE(problems);
  Lessons lessons;
  LessonOptions o;
  o.count = 40;
  Do(Keep(MakeLessons(stage_.get(), &*problems, o), &lessons));
  ASSERT_GT(lessons.list.size(), 20U);
  std::vector<Try> tries;
  for (const auto& l : lessons.list) {
    if (l.shown) continue;
    tries.emplace_back();
    tries.back().item = l.item;
    tries.back().text = l.plan;
  }
  Do(ScoreTries(stage_.get(), {}, false, &tries));
  for (const auto& t : tries) EXPECT_EQ(t.rollout.score, 1) << t.item.problem->prompt << "\n" << t.text;
}

}  // namespace
}  // namespace baton::train
