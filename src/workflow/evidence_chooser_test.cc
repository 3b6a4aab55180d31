#include "workflow/evidence_chooser.h"

#include <gmock/gmock.h>

#include "estimate/evidence_world.h"
#include "workflow/team_fixture.h"

namespace baton::workflow {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kValue = 0.1;  // dollars per right answer

// Simulated workers that err independently: two agreeing ones are nearly always right.
std::shared_ptr<const estimate::EvidenceModel> Learned() {
  static const auto kModel = [] {
    const estimate::World world{
        .right = {0.8, 0.8, 0.9}, .usd = {0.0012, 0.0024, 0.012}, .mistakes = 20, .shared = 0, .family = {}};
    auto evidence = estimate::Evidence::Fit(world.Table(500, 1), {});
    estimate::EvidenceModel m{.version = "evidence-test",
                              .trained_on = "simulated",
                              .workers = {"cheap", "mid", "dear"},
                              .out_tokens = {-1, -1, -1},
                              .evidence = std::move(*evidence)};
    return std::make_shared<const estimate::EvidenceModel>(std::move(m));
  }();
  return kModel;
}

class EvidenceChooserTest : public Team {
 protected:
  std::unique_ptr<Ran> Decide(bool stream = false, double value = kValue) {
    choosers_["sure"] = [value, checks = checks_](const ChooserRequest& r) {
      auto options = EvidenceOptionsFor(Learned(), r, value, 0);
      options.checks = checks;
      return std::make_unique<EvidenceChooser>(std::move(options));
    };
    FlowSettings sure;
    sure.name = "sure";
    sure.kind = "evidence";
    sure.file = "simulated.evidence";
    return Run("sure", {sure}, stream);
  }
  void Say(std::map<std::string, std::string> answers) {
    script_ = [answers](const std::string& w, const chat::Request&) {
      Reply r;
      r.text = answers.at(w);
      return r;
    };
  }
  std::vector<std::shared_ptr<const verify::Verifier>> checks_;
  static std::string Notes(const Ran& r) {
    std::string all;
    for (const auto& n : r.trace->notes()) all += n + "\n";
    return all;
  }
};

TEST_F(EvidenceChooserTest, TwoThatAgreeMakeAThirdNotWorthItsPrice) {
  Say({{"cheap", "The answer is 42."}, {"mid", "42"}, {"dear", "42"}});
  auto r = Decide();
  ASSERT_TRUE(r->trace->answer()) << r->trace->answer().error().message;
  EXPECT_THAT(AskedWorkers(), ElementsAre("cheap", "mid"));
  EXPECT_THAT(Notes(*r), HasSubstr("all 2 agree, P(right) "));
  EXPECT_THAT(Notes(*r), HasSubstr("dear not worth $0.01"));
  EXPECT_EQ(r->trace->degraded(), "");
}

TEST_F(EvidenceChooserTest, WhereTheyDifferAThirdDecides) {
  Say({{"cheap", "The answer is 41."}, {"mid", "The answer is 42."}, {"dear", "So it is 42."}});
  auto r = Decide();
  ASSERT_TRUE(r->trace->answer());
  EXPECT_THAT(AskedWorkers(), ElementsAre("cheap", "mid", "dear"));
  EXPECT_THAT(r->text(), HasSubstr("42"));
  EXPECT_THAT(Notes(*r), HasSubstr("2 of 3 agree"));
  EXPECT_EQ(r->step("choose").status, "done");
}

// Says of any answer with a 41 that it is wrong, and errs once in fifty.
class Knows41 : public verify::Verifier {
 public:
  explicit Knows41(int n) : n_(n) {}
  std::string_view name() const override { return "knows_41"; }
  int version() const override { return 1; }
  verify::Cost cost() const override { return {}; }
  verify::ErrorRate error_rate() const override { return {0.02, 0.02, n_, "made up"}; }
  Task<verify::Judgement> Check(const verify::Subject& s, const verify::Context&) const override {
    verify::Judgement j;
    const bool wrong = s.answer.find("41") != std::string_view::npos;
    j.verdict = wrong ? verify::Verdict::kReject : verify::Verdict::kAccept;
    j.score = wrong ? 0 : 1;
    co_return j;
  }

 private:
  int n_;
};

TEST_F(EvidenceChooserTest, WhatAMeasuredCheckSaysIsWeighedWithWhoAgrees) {
  Say({{"cheap", "The answer is 41."}, {"mid", "The answer is 41."}, {"dear", "It is 42."}});
  auto agreed = Decide();
  EXPECT_THAT(AskedWorkers(), ElementsAre("cheap", "mid"));
  EXPECT_THAT(agreed->text(), HasSubstr("41"));
  checks_ = {std::make_shared<Knows41>(500)};
  auto checked = Decide();
  EXPECT_THAT(checked->text(), HasSubstr("42")) << Notes(*checked);
  checks_ = {std::make_shared<Knows41>(0)};
  auto unmeasured = Decide();
  EXPECT_THAT(Notes(*unmeasured), HasSubstr("all 2 agree")) << "what nobody measured is no evidence";
}

TEST_F(EvidenceChooserTest, NothingIsStreamedThatCouldStillBeRetracted) {
  Say({{"cheap", "The answer is 41."}, {"mid", "The answer is 42."}, {"dear", "The answer is 42."}});
  auto r = Decide(true);
  ASSERT_TRUE(r->trace->answer());
  EXPECT_EQ(r->sink->text, "The answer is 42.");
}

TEST_F(EvidenceChooserTest, AWorkerThatAnswersAloneStreams) {
  Say({{"cheap", "The answer is 41."}, {"mid", "x"}, {"dear", "y"}});
  auto r = Decide(true, 0.001);
  ASSERT_TRUE(r->trace->answer());
  EXPECT_THAT(AskedWorkers(), ElementsAre("cheap"));
  EXPECT_EQ(r->sink->text, "The answer is 41.");
  EXPECT_THAT(Notes(*r), HasSubstr("alone"));
}

TEST_F(EvidenceChooserTest, TheCallersQualityIsObeyed) {
  Say({{"cheap", "The answer is 41."}, {"mid", "The answer is 42."}, {"dear", "The answer is 42."}});
  controls_.quality = 0.001;
  Decide();
  EXPECT_THAT(AskedWorkers(), ElementsAre("cheap"));
}

TEST_F(EvidenceChooserTest, AFailureIsPassedOver) {
  script_ = [](const std::string& w, const chat::Request&) {
    Reply r;
    r.text = "The answer is 42.";
    if (w == "mid") r.error = Fail(Code::kUnavailable, "down");
    return r;
  };
  auto r = Decide();
  ASSERT_TRUE(r->trace->answer());
  EXPECT_EQ(Times("mid"), 1);
  EXPECT_EQ(r->text(), "The answer is 42.");
}

TEST_F(EvidenceChooserTest, WhatTheCeilingDoesNotHoldIsNotAsked) {
  Say({{"cheap", "The answer is 41."}, {"mid", "The answer is 42."}, {"dear", "The answer is 42."}});
  controls_.max_cost = budget::Nanos{9'000'000};  // the dear one's worst case is $0.04
  auto r = Decide();
  ASSERT_TRUE(r->trace->answer());
  EXPECT_EQ(Times("dear"), 0);
  EXPECT_LE(r->permit->lease().spent(), budget::Nanos{9'000'000});
}

TEST_F(EvidenceChooserTest, WhomThePermitForbidsIsNeverAsked) {
  catalogue_.workers.clear();
  AddWorker("cheap", 1);
  AddWorker("mid", 2, {});
  AddWorker("dear", 10);
  Build();
  Say({{"cheap", "The answer is 41."}, {"mid", "The answer is 42."}, {"dear", "The answer is 42."}});
  auto r = Decide();
  ASSERT_TRUE(r->trace->answer());
  EXPECT_EQ(Times("mid"), 0);
}

TEST_F(EvidenceChooserTest, ARequestWithToolsGetsOneWorker) {
  chat::Tool tool;
  tool.name = "weather";
  tool.parameters.text = "{}";
  request_.tools.push_back(tool);
  for (auto& w : catalogue_.workers) std::const_pointer_cast<pool::Worker>(w)->target.can.tools = true;
  Say({{"cheap", "41"}, {"mid", "42"}, {"dear", "42"}});
  auto r = Decide();
  ASSERT_TRUE(r->trace->answer());
  EXPECT_EQ(asked_.size(), 1U);
}

TEST_F(EvidenceChooserTest, WorkersThatItDoesNotKnowStillAnswer) {
  catalogue_.workers.clear();
  AddWorker("stranger", 1);
  Build();
  Say({{"stranger", "hello"}});
  auto r = Decide();
  ASSERT_TRUE(r->trace->answer());
  EXPECT_EQ(r->text(), "hello");
  EXPECT_THAT(Notes(*r), HasSubstr("stranger answers alone"));
}

}  // namespace
}  // namespace baton::workflow
