#include "route/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "route/router_fixture.h"

namespace baton::route {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Strings = std::vector<std::string>;

TEST_F(RouterTest, TheCheapWorkerGetsWhatItCanDoAndTheDearOneTheRest) {
  LearnedRule();
  EXPECT_EQ(First(Sum(300)), "smol");
  EXPECT_EQ(First(Story(300)), "large");
  auto r = Choose(Sum(300));
  EXPECT_EQ(r->name(), "rest");
  EXPECT_EQ(r->policy(), model->version);
  EXPECT_EQ(r->policy().substr(0, 7), "router-");
  EXPECT_EQ(r->propensity(), 1);
  EXPECT_EQ(r->primaries(), 1U);  // the other stands behind
  EXPECT_EQ(r->candidates().size(), 2U);
}

TEST_F(RouterTest, SaysWhyInWords) {
  LearnedRule();
  EXPECT_THAT(Choose(Sum(300))->reason(), HasSubstr("cheapest worker with P(correct) above 0.9"));
  EXPECT_THAT(Choose(Story(300))->reason(), HasSubstr("P(correct) above 0.9"));
  controls.quality = 1e-6;
  EXPECT_THAT(Choose(Story(300))->reason(), HasSubstr("large (0.9"));
  EXPECT_THAT(Choose(Story(300))->reason(), HasSubstr("not worth $0.004"));
}

TEST_F(RouterTest, TheCallersValueOfQualityDecidesBeforeTheOperators) {
  LearnedRule();
  controls.quality = 1e-6;
  EXPECT_EQ(First(Story(300)), "smol");
  controls.quality = 100;
  EXPECT_EQ(First(Sum(300)), "large");
}

TEST_F(RouterTest, APriceThatComesIntoForceActsOnTheNextRequest) {
  LearnedRule();
  budget::PriceRow now, later;
  now.input = now.output = budget::Nanos{10'000'000'000};
  later = now;
  later.valid_from = clock.UnixNanos() / 1'000'000'000 + 60;
  later.input = later.output = budget::Nanos{10'000'000};  // dumped
  large->prices = budget::PriceTable({now, later});
  EXPECT_EQ(First(Sum(300)), "smol");
  clock.Advance(std::chrono::seconds(61));
  EXPECT_EQ(First(Sum(300)), "large");
}

TEST_F(RouterTest, RailsGoBeforeWorth) {
  LearnedRule();
  auto r = Choose(Story(300), "baton", {"personal"});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->candidates().front()->name, "smol");
  EXPECT_EQ(r->candidates().size(), 1U);
}

TEST_F(RouterTest, ACeilingTooLowForTheBestTakesTheNext) {
  LearnedRule();
  controls.max_cost = budget::Nanos{1'000'000};  // $0.001; a story by large costs $0.004
  EXPECT_EQ(First(Story(300)), "smol");
}

TEST_F(RouterTest, DecidesForBatonAndMiniWhereNoRuleMatchesToo) {
  EXPECT_EQ(First(Story(300)), "large");
  EXPECT_EQ(First(Story(300), "baton-mini"), "large");
  EXPECT_TRUE(Choose(Story(300), "baton-mini")->alone());
  EXPECT_EQ(Choose(Story(300))->name(), "default");
  EXPECT_EQ(First(Sum(300), "large"), "large");  // the escape hatch
  EXPECT_EQ(Choose(Sum(300), "large")->policy(), "rules/1");
}

TEST_F(RouterTest, ARuleThatNamesWorkersIsNotTheRoutersBusiness) {
  Rule rule;
  rule.name = "fixed", rule.workers = {"large"};
  options.rules = {rule};
  EXPECT_EQ(First(Sum(300)), "large");
  EXPECT_EQ(Choose(Sum(300))->policy(), "rules/1");
}

TEST_F(RouterTest, WithoutAVectorTheBaselineServesAndSaysSo) {
  LearnedRule();
  RulesOptions o = options;
  auto permit = PermitFor(catalogue);
  auto r = Rules(o).Choose("baton", Compute(Ask(Sum(300)), *permit), *permit, catalogue);
  ASSERT_TRUE(r);
  EXPECT_EQ(r->candidates().front()->name, "large");
  EXPECT_THAT(r->reason(), HasSubstr("no learned policy is installed, so its baseline"));
}

TEST_F(RouterTest, AWorkerTheModelNeverSawEntersByItsPriceAndFamily) {
  LearnedRule();
  auto fresh = MakeWorker("fresh", 9);
  fresh->target.model = "x-2";
  catalogue.workers.push_back(fresh);
  auto r = Choose(Story(300));
  ASSERT_TRUE(r);
  EXPECT_EQ(r->candidates().size(), 3U);
  std::string all;
  for (const auto& line : r->alternatives()) all += line + "\n";
  EXPECT_THAT(r->reason() + all, HasSubstr("by its price and family alone"));
}

TEST_F(RouterTest, AnUnpricedWorkerIsNotCheap) {
  LearnedRule();
  smol->priced = false;
  smol->prices = {};
  EXPECT_EQ(First(Sum(300)), "large");  // as good, and its price is known to be no higher
}

// Draws the second with a tenth.
// Training rows and live requests must not differ in a single bit.
TEST_F(RouterTest, OfflineAndLiveFeaturesAreTheSameBits) {
  const std::string prompts[] = {Sum(3),
                                 Story(4),
                                 "",
                                 "Würdest du 日本語 übersetzen?\n```\ndef f(): pass\n```",
                                 std::string(9000, 'x') + " and (A) one\n(B) two\n(C) three",
                                 "Return JSON: {\"a\": 1}"};
  for (const std::string& prompt : prompts) {
    const std::string_view view = prompt;
    const std::vector<float> offline = featurizer->OfPrompts({&view, 1});
    auto permit = PermitFor(catalogue);
    const Features live = Compute(Ask(prompt), *permit, featurizer.get());
    EXPECT_EQ(offline, live.vector) << prompt.substr(0, 40);
  }
}

}  // namespace
}  // namespace baton::route
