// The named workflows: who is asked, in which order, and whose answer stands.

#include <gmock/gmock.h>

#include <set>

#include "workflow/flow.h"
#include "workflow/flow_tools.h"
#include "workflow/team_fixture.h"

namespace baton::workflow {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class FlowsTest : public Team {
 protected:
  static bool Has(const chat::Request& q, const std::string& text) {
    return AllText(q).find(text) != std::string::npos;
  }
  static FlowSettings Flow(const std::string& name, const std::string& kind) {
    FlowSettings f;
    f.name = name;
    f.kind = kind;
    return f;
  }
};

TEST_F(FlowsTest, EveryWorkflowAnswersStreamsOnceAndLeavesNothingBehind) {
  for (const auto& info : Flows()) {
    if (info.name == "steps" || info.uses.find("file") != std::string_view::npos) continue;
    for (const bool stream : {false, true}) {
      auto r = Run(std::string(info.name), {}, stream);
      ASSERT_TRUE(r->trace->answer()) << info.name << ": " << r->trace->answer().error().message;
      EXPECT_FALSE(r->text().empty()) << info.name;
      if (!stream) continue;
      EXPECT_EQ(r->sink->text, r->text()) << info.name;
      if (info.name == "single") continue;
      EXPECT_EQ(r->sink->starts, 1) << info.name;
      EXPECT_EQ(r->sink->finishes, 1) << info.name;
      EXPECT_EQ(r->sink->usages, 1) << info.name;
      EXPECT_EQ(r->sink->kinds.back(), chat::Event::Kind::kUsage) << info.name;
    }
  }
}

TEST_F(FlowsTest, MixtureOfAgentsMakesExactlyTheCallsOfItsFormula) {
  for (const int layers : {1, 2, 3}) {
    asked_.clear();
    FlowSettings f = Flow("moa", "mixture_of_agents");
    f.layers = layers;
    auto r = Run("moa", {f}, true);
    ASSERT_TRUE(r->trace->answer());
    EXPECT_EQ(asked_.size(), static_cast<std::size_t>(3 * layers + 1)) << "workers x layers + 1";
    std::int64_t tokens = 0;
    for (const auto& s : r->trace->steps()) {
      for (const auto& c : s.calls) tokens += c.usage.input + c.usage.output;
    }
    const chat::Usage& u = r->sink->usage;
    EXPECT_EQ(tokens, u.input + u.output + u.orchestration_input + u.orchestration_output);
    EXPECT_EQ(tokens, 15 * (3 * layers + 1));
    EXPECT_EQ(r->took, milliseconds(10 * (layers + 1))) << "a layer at a time";
  }
}

TEST_F(FlowsTest, PollAsksAllAtOnceAndTakesTheMajority) {
  script_ = [](const std::string& w, const chat::Request&) {
    Reply r;
    r.text = w == "dear" ? "The answer is 41." : "The answer is 42.";
    r.after = milliseconds(w == "dear" ? 5 : 10);
    return r;
  };
  auto r = Run("poll");
  EXPECT_EQ(r->text(), "The answer is 42.");
  EXPECT_EQ(r->took, milliseconds(10));
  EXPECT_EQ(r->step("vote").note, "2 of 3 agree");
  EXPECT_NEAR(r->step("vote").confidence, 2.0 / 3, 1e-9);
}

TEST_F(FlowsTest, PollAsksFurtherOnlyWhileTheFirstDisagree) {
  FlowSettings f = Flow("p", "poll");
  f.samples = 2;
  for (const bool agree : {true, false}) {
    asked_.clear();
    script_ = [&](const std::string& w, const chat::Request&) {
      Reply r;
      r.text = agree || w != "cheap" ? "42" : "41";
      return r;
    };
    auto r = Run("p", {f});
    EXPECT_EQ(r->text(), "42");
    EXPECT_EQ(asked_.size(), agree ? 2U : 3U);
    EXPECT_EQ(Times("dear"), agree ? 0 : 1) << "the dear one comes last";
  }
}

TEST_F(FlowsTest, WhoPaysLittleForQualityIsNotSoldAnotherOpinion) {
  script_ = [](const std::string& w, const chat::Request&) {
    Reply r;
    r.text = w;
    return r;
  };
  controls_.quality = 1e-9;
  auto cheapskate = Run("poll");
  EXPECT_EQ(asked_.size(), 2U);
  asked_.clear();
  controls_.quality = 1.0;
  auto generous = Run("poll");
  EXPECT_EQ(asked_.size(), 3U);
}

TEST_F(FlowsTest, PollMayJudgeOrSynthesise) {
  for (const std::string how : {"judge", "synthesis"}) {
    FlowSettings f = Flow("p", "poll");
    f.decide = how;
    script_ = [](const std::string& w, const chat::Request& q) {
      Reply r;
      r.text = Has(q, "output of voice") ? "the final word" : "answer of " + w;
      return r;
    };
    auto r = Run("p", {f});
    EXPECT_EQ(r->text(), "the final word");
    EXPECT_EQ(r->step("vote").status, "skipped");
  }
}

TEST_F(FlowsTest, PipelinePlansExecutesVerifiesAndRepairsWithinBounds) {
  int rejections = 0;
  script_ = [&](const std::string& w, const chat::Request& q) {
    Reply r;
    r.text = "answer of " + w;
    if (Has(q, "Begin your reply with ACCEPT or REJECT"))
      r.text = rejections-- > 0 ? "REJECT: wrong" : "ACCEPT";
    return r;
  };
  rejections = 0;
  auto fine = Run("pipeline");
  EXPECT_EQ(fine->steps(),
            "outline:done execute:done verify1:done repair1:skipped verify2:skipped repair2:skipped");
  rejections = 1;
  auto once = Run("pipeline");
  EXPECT_EQ(once->steps(),
            "outline:done execute:done verify1:done repair1:done verify2:done repair2:skipped");
  EXPECT_EQ(once->step("execute").verdict, "reject");
  rejections = 100;
  auto never = Run("pipeline");
  EXPECT_EQ(never->steps(), "outline:done execute:done verify1:done repair1:done verify2:done repair2:done");
  ASSERT_TRUE(never->trace->answer());
}

TEST_F(FlowsTest, CascadeEscalatesOnErrorRefusalRejectionAndDoubt) {
  FlowSettings f = Flow("c", "cascade");
  f.verify = {{"regex", {{"pattern", "42"}}}};
  const auto run = [&](Reply cheap) {
    asked_.clear();
    script_ = [cheap](const std::string& w, const chat::Request&) {
      Reply r;
      r.text = "42 of " + w;
      return w == "cheap" ? cheap : r;
    };
    auto r = Run("c", {f});
    EXPECT_TRUE(r->trace->answer());
    return r->text();
  };
  Reply fine, wrong, refuses, fails;
  fine.text = "42";
  wrong.text = "I do not know";
  refuses.text = "42, but no";
  refuses.finish = chat::Finish::kContentFilter;
  fails.error = Fail(Code::kUnavailable, "down", "worker_server");
  EXPECT_EQ(run(fine), "42");
  EXPECT_THAT(AskedWorkers(), ElementsAre("cheap"));
  EXPECT_EQ(run(wrong), "42 of mid");
  EXPECT_EQ(run(refuses), "42 of mid");
  EXPECT_EQ(run(fails), "42 of mid");
  EXPECT_THAT(AskedWorkers(), ElementsAre("cheap", "mid"));
}

TEST_F(FlowsTest, CascadeWithoutChecksGoesByTheTokensProbabilities) {
  for (const double p : {0.95, 0.2}) {
    asked_.clear();
    script_ = [p](const std::string& w, const chat::Request&) {
      Reply r;
      r.text = "answer of " + w;
      r.token_probability = w == "cheap" ? p : 0.9;
      return r;
    };
    auto r = Run("cascade");
    EXPECT_EQ(r->text(), p > 0.5 ? "answer of cheap" : "answer of mid");
    EXPECT_TRUE(asked_[0].request.logprobs.value_or(false));
  }
}

TEST_F(FlowsTest, ComplianceHidesPersonalDataFromTheWorkerAndPutsItBack) {
  class Real : public rails::Classifier {
   public:
    Real() : real_(*rails::Classifier::Build({})) {}
    rails::Classification Classify(const chat::Request& r) const override { return real_->Classify(r); }
    rails::Classification ClassifyText(std::string_view t) const override { return real_->ClassifyText(t); }

   private:
    std::shared_ptr<const rails::Classifier> real_;
  };
  catalogue_.workers.clear();
  AddWorker("approved", 1, {"public", "internal", "personal"});
  Build();
  Question("Write a reminder to ana.silva@example.org please.");
  script_ = [](const std::string&, const chat::Request& q) {
    Reply r;
    r.text = Has(q, "[EMAIL_1]") && !Has(q, "ana.silva") ? "Dear [EMAIL_1], remember." : "leaked";
    return r;
  };
  auto admit = [&] {
    rails::Rails rails({}, std::make_shared<Real>());
    auto r = std::make_unique<Ran>();
    auto permit = rails.Admit({}, {}, request_, catalogue_, loop_.Now());
    if (permit) r->permit = std::make_unique<rails::Permit>(std::move(*permit));
    return r;
  };
  auto r = admit();
  ASSERT_TRUE(r->permit);
  RunnerDeps deps = Deps();
  deps.classifier = std::make_shared<Real>();
  runner_.emplace(std::move(deps));
  route::Rule rule;
  rule.name = "rule";
  rule.workflow = "compliance";
  route::RulesOptions options;
  options.rules.push_back(rule);
  rules_.emplace(std::move(options));
  route_.emplace(*rules_->Choose("baton", route::Compute(request_, *r->permit), *r->permit, catalogue_));
  Drive(r.get(), std::nullopt, nullptr);
  EXPECT_EQ(r->text(), "Dear ana.silva@example.org, remember.");
  EXPECT_THAT(r->trace->notes(), ::testing::Contains(HasSubstr("hidden")));
}

TEST_F(FlowsTest, ResearchAnswersThePartsInParallelAndSynthesises) {
  script_ = [](const std::string& w, const chat::Request& q) {
    Reply r;
    r.text = Has(q, "Break the question") ? "- part one\n- part two\n- part three"
             : Has(q, "ACCEPT or REJECT") ? "ACCEPT"
             : Has(q, "findings above")   ? "synthesis [1]"
                                          : "finding of " + w;
    return r;
  };
  auto r = Run("research");
  EXPECT_EQ(r->text(), "synthesis [1]");
  EXPECT_EQ(
      r->steps(),
      "decompose:done topic1:done topic2:done topic3:done topic4:skipped synthesise:done consistency:done "
      "rewrite:skipped");
  std::set<std::string> items;
  for (const auto& a : asked_) {
    for (const char* part : {"part one", "part two", "part three"}) {
      if (Has(a.request, "the one question given") && Has(a.request, part)) items.insert(part);
    }
  }
  EXPECT_EQ(items.size(), 3U);
  EXPECT_EQ(r->took, milliseconds(40));
}

TEST_F(FlowsTest, TriageSendsWhatIsAngryOrUnclearToPeopleAndTheRestToWorkers) {
  for (const std::string kind : {"SIMPLE", "complex.", "ANGRY", "well, it depends"}) {
    asked_.clear();
    script_ = [&](const std::string& w, const chat::Request& q) {
      Reply r;
      r.text = Has(q, "Classify the customer") ? kind : "answer of " + w;
      return r;
    };
    auto r = Run("support_triage");
    ASSERT_TRUE(r->trace->answer()) << kind;
    const bool person = kind == "ANGRY" || kind == "well, it depends";
    EXPECT_EQ(r->step("person").status, person ? "failed" : "skipped") << kind;
    EXPECT_EQ(r->step("careful").status, person ? "done" : "skipped") << kind;
    EXPECT_EQ(r->trace->degraded().empty(), !person) << kind;
    EXPECT_EQ(r->text(), kind == "SIMPLE" ? "answer of cheap" : "answer of dear") << kind;
  }
}

TEST_F(FlowsTest, SelfConsistencySamplesOneWorkerWithDifferentSeeds) {
  script_ = [](const std::string&, const chat::Request& q) {
    Reply r;
    r.text = q.seed.value_or(0) < 2 ? "41" : "42";
    return r;
  };
  auto r = Run("self_consistency");
  EXPECT_EQ(r->text(), "42");
  std::set<std::int64_t> seeds;
  for (const auto& a : asked_) seeds.insert(*a.request.seed);
  EXPECT_EQ(seeds.size(), 5U);
  EXPECT_EQ(Times("cheap"), 5);
}

TEST_F(FlowsTest, DebateEndsWithTheRoundThatAgrees) {
  script_ = [](const std::string& w, const chat::Request& q) {
    Reply r;
    r.text = Has(q, "Answers of all debaters") ? "42" : w == "cheap" ? "41" : "40";
    return r;
  };
  FlowSettings f = Flow("d", "debate");
  f.rounds = 4;
  auto r = Run("d", {f});
  EXPECT_EQ(r->text(), "42");
  EXPECT_EQ(asked_.size(), 6U) << "two rounds of three, not four";
}

TEST_F(FlowsTest, ConductedRunsThePlannersPlanAndMayLookAgain) {
  int looks = 0;
  script_ = [&](const std::string& w, const chat::Request& q) {
    Reply r;
    r.text = "answer of " + w;
    if (Has(q, "Write a plan for a team")) r.text = "model_id=[0]\nsubtasks=['try']\naccess_list=[[]]";
    if (Has(q, "The answer that your last plan gave")) {
      ++looks;
      EXPECT_TRUE(Has(q, "the answer so far"));
      r.text = looks == 1 ? "model_id=[1]\nsubtasks=['again']\naccess_list=[[]]"
                          : "model_id=[]\nsubtasks=[]\naccess_list=[]";
    }
    return r;
  };
  FlowSettings f = Flow("c", "conducted");
  f.rounds = 3;
  auto r = Run("c", {f}, true);
  ASSERT_TRUE(r->trace->answer()) << r->trace->answer().error().message;
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(r->text(), "answer of mid");
  EXPECT_EQ(r->sink->text, r->text());
}

TEST_F(FlowsTest, OperatorsWriteTheirOwnWithLoopsForEachAndSubWorkflows) {
  StepSettings list, each, loop, draft, check, sub, last;
  list.name = "list";
  list.instruction = "List things.";
  each.name = "each";
  each.instruction = "Describe the item.";
  each.for_each = "list";
  each.at_most = 4;
  loop.name = "improve";
  loop.at_most = 3;
  loop.until = {{"accepted check"}};
  draft.name = "draft";
  draft.instruction = "Write.";
  draft.sees = {"each"};
  check.name = "check";
  check.role = "verifier";
  check.sees = {"draft"};
  check.instruction = "Judge.";
  loop.loop = {draft, check};
  sub.name = "opinions";
  sub.workflow = "poll";
  sub.sees = {"draft"};
  sub.instruction = "Is this good?";
  last.name = "last";
  last.sees = {"draft", "opinions"};
  last.instruction = "Finish.";
  FlowSettings f = Flow("mine", "");
  f.steps = {list, each, loop, sub, last};
  int judged = 0;
  script_ = [&](const std::string& w, const chat::Request& q) {
    Reply r;
    r.text = "answer of " + w;
    if (Has(q, "List things.")) r.text = "- x\n- y";
    if (Has(q, "Judge.")) r.text = ++judged == 2 ? "ACCEPT" : "REJECT";
    if (Has(q, "Finish.")) r.text = "done";
    return r;
  };
  auto r = Run("mine", {f});
  ASSERT_TRUE(r->trace->answer()) << r->trace->answer().error().message;
  EXPECT_EQ(r->text(), "done");
  EXPECT_EQ(r->step("each.2").status, "done");
  EXPECT_EQ(r->step("each.3").status, "skipped");
  EXPECT_EQ(r->step("draft#2").status, "done");
  EXPECT_EQ(r->step("draft#3").status, "skipped");
  EXPECT_EQ(r->step("draft").note, "that of draft#2");
  EXPECT_EQ(r->step("opinions/vote").status, "done");
}

TEST_F(FlowsTest, AContractNamesItsInputsAndItsOutput) {
  FlowSettings f = Flow("ticket", "");
  f.inputs = {"subject"};
  f.output_schema.text =
      R"({"type":"object","properties":{"urgent":{"type":"boolean"}},"required":["urgent"]})";
  StepSettings s;
  s.name = "classify";
  s.instruction = "Is it urgent?";
  f.steps = {s};
  auto missing = Run("ticket", {f});
  ASSERT_FALSE(missing->trace->answer());
  EXPECT_EQ(missing->trace->answer().error().reason, "missing_input");
  request_.inputs = {{"subject", "the house burns"}};
  script_ = [](const std::string&, const chat::Request& q) {
    EXPECT_EQ(q.response_format.kind, chat::ResponseFormat::Kind::kJsonSchema);
    EXPECT_TRUE(Has(q, "the house burns"));
    Reply r;
    r.text = R"({"urgent":true})";
    return r;
  };
  auto r = Run("ticket", {f});
  ASSERT_TRUE(r->trace->answer()) << r->trace->answer().error().message;
  EXPECT_EQ(r->step("classify").verdict, "accept");
}

TEST_F(FlowsTest, StaleNamesAndMissingInputsAreFoundBeforeAnythingRuns) {
  StepSettings a, b;
  a.name = "a";
  b.name = "b";
  b.sees = {"c"};
  FlowSettings f = Flow("mine", "");
  f.steps = {a, b};
  auto wrong = Library::Build({f});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("sees 'c'"));
  f.steps[1].sees = {"a"};
  f.steps[1].when = {{"maybe a"}};
  EXPECT_THAT(Library::Build({f}).error().message, HasSubstr("is no test"));
  f.steps[1].when = {};
  f.steps[1].verify = {{"regexp", {}}};
  EXPECT_THAT(Library::Build({f}).error().message, HasSubstr("regex"));
  f.steps[1].verify = {};
  f.answer = {"z"};
  EXPECT_THAT(Library::Build({f}).error().message, HasSubstr("'z'"));
  EXPECT_THAT(Library::Build({Flow("x", "pol")}).error().message, HasSubstr("did you mean 'poll'"));
}

}  // namespace
}  // namespace baton::workflow
