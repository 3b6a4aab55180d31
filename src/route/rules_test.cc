#include "route/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "route/testing.h"

namespace baton::route {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Strings = std::vector<std::string>;

Strings NamesOf(const Route& r) {
  Strings names;
  for (const auto* w : r.candidates()) names.push_back(w->name);
  return names;
}

struct RulesTest : ::testing::Test {
  std::shared_ptr<pool::Worker> large = MakeWorker("large", 10), mid = MakeWorker("mid", 1),
                                smol = MakeWorker("smol", 0, {"public", "internal", "personal", "secret"});
  rails::Catalogue catalogue{{large, mid, smol}};
  RulesOptions options;
  Features features;

  Result<Route> Choose(const std::string& model = "baton", std::set<std::string> data = {"internal"}) {
    features.data = data;
    auto permit = PermitFor(catalogue, data);
    return Rules(options).Choose(model, features, *permit, catalogue);
  }
  void Add(std::string name, std::vector<Condition> when, Strings workers) {
    Rule r;
    r.name = std::move(name);
    r.when = std::move(when);
    r.workers = std::move(workers);
    options.rules.push_back(r);
  }
  static Condition Is(std::string field, Strings any) { return {std::move(field), std::move(any)}; }
};

TEST_F(RulesTest, WithoutRulesTheCheapestComesFirst) {
  auto r = Choose();
  ASSERT_TRUE(r);
  EXPECT_THAT(NamesOf(*r), ElementsAre("smol", "mid", "large"));
  EXPECT_EQ(r->name(), "default");
  EXPECT_EQ(r->propensity(), 1);
  EXPECT_EQ(r->policy(), "rules/1");
}

TEST_F(RulesTest, UltraPrefersTheDearest) {
  EXPECT_THAT(NamesOf(*Choose("baton-ultra")), ElementsAre("large", "mid", "smol"));
  EXPECT_EQ(Choose("baton-ultra")->workflow(), "conducted");
}

TEST_F(RulesTest, UnpricedWorkersComeLastEitherWay) {
  catalogue.workers.insert(catalogue.workers.begin(), MakeWorker("mystery"));
  EXPECT_EQ(NamesOf(*Choose()).back(), "mystery");
  EXPECT_EQ(NamesOf(*Choose("baton-ultra")).back(), "mystery");
}

TEST_F(RulesTest, FirstMatchWins) {
  features.complexity = "low";
  Add("never", {Is("complexity", {"high"})}, {"large"});
  Add("quick", {Is("complexity", {"low"})}, {"smol"});
  Add("rest", {}, {"large"});
  auto r = Choose();
  EXPECT_EQ(r->name(), "quick");
  EXPECT_THAT(NamesOf(*r), ElementsAre("smol"));
  EXPECT_EQ(r->reason(), "rule 'quick': complexity is low -> smol");
  EXPECT_THAT(r->alternatives(), Contains("rule 'never': not so that complexity is high"));
  EXPECT_THAT(r->alternatives(), Contains("large: not in route 'quick'"));
}

TEST_F(RulesTest, AllConditionsOfARuleMustHold) {
  Condition::Range below;
  below.lt = 1500;
  Add("quick", {Is("complexity", {"low"}), {"latency_budget_ms", below}}, {"smol"});
  Add("rest", {}, {"large"});
  features.complexity = "low";
  EXPECT_EQ(Choose()->name(), "rest");  // no deadline said: in no range
  features.latency_budget_ms = 1500;
  EXPECT_EQ(Choose()->name(), "rest");
  features.latency_budget_ms = 1499;
  EXPECT_EQ(Choose()->name(), "quick");
}

TEST_F(RulesTest, DataConditionMeansAnyOf) {
  Add("sensitive", {Is("data", {"personal", "secret"})}, {"smol"});
  Add("rest", {}, {"large"});
  EXPECT_EQ(Choose("baton", {"internal"})->name(), "rest");
  EXPECT_EQ(Choose("baton", {"secret"})->name(), "sensitive");
}

TEST_F(RulesTest, AForbiddenWorkerIsLeftOutAndTheReasonSaysSo) {
  Add("rest", {}, {"large", "smol"});
  auto r = Choose("baton", {"personal"});
  EXPECT_THAT(NamesOf(*r), ElementsAre("smol"));
  EXPECT_THAT(r->alternatives(), Contains("large: may not see personal"));
}

TEST_F(RulesTest, ARuleLeftWithNobodyIsPassedOver) {
  Add("large-only", {}, {"large"});
  Add("rest", {}, {"mid", "smol"});
  auto r = Choose("baton", {"personal"});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->name(), "rest");
  EXPECT_THAT(r->alternatives(), Contains(HasSubstr("rule 'large-only': matches, but none")));
}

TEST_F(RulesTest, NoRuleLeftFallsToTheDefault) {
  Add("large-only", {}, {"large"});
  auto r = Choose("baton", {"personal"});
  EXPECT_EQ(r->name(), "default");
  EXPECT_THAT(NamesOf(*r), ElementsAre("smol"));
}

TEST_F(RulesTest, ARuleCanBeNamed) {
  Add("code", {Is("task", {"code"})}, {"mid"});
  auto r = Choose("code");
  ASSERT_TRUE(r);
  EXPECT_THAT(NamesOf(*r), ElementsAre("mid"));
  auto forbidden = Choose("code", {"personal"});
  ASSERT_FALSE(forbidden);
  EXPECT_EQ(forbidden.error().code, Code::kPermissionDenied);
}

TEST_F(RulesTest, AWorkerByNameIsAloneAndWithoutFallback) {
  options.fallback.on_error = {"smol"};
  auto r = Choose("large");
  EXPECT_THAT(NamesOf(*r), ElementsAre("large"));
  EXPECT_EQ(r->name(), "direct:large");
}

TEST_F(RulesTest, TheEscapeHatchDoesNotEscapeThePermit) {
  auto r = Choose("large", {"personal"});
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, Code::kPermissionDenied);
  EXPECT_EQ(r.error().reason, "policy_violation");
}

TEST_F(RulesTest, UnknownModelNamesTheNearest) {
  auto r = Choose("larg");
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, Code::kNotFound);
  EXPECT_EQ(r.error().reason, "model_not_found");
  EXPECT_THAT(r.error().message, HasSubstr("did you mean 'large'"));
  EXPECT_THAT(Choose("zzzzzzzz").error().message, HasSubstr("'zzzzzzzz' here. Known: "));
}

TEST_F(RulesTest, FallbacksStandBehindOnceEachAndOnlyIfAllowed) {
  Add("rest", {}, {"mid"});
  options.fallback.on_timeout = {"smol", "mid"};
  options.fallback.on_error = {"large", "smol"};
  auto r = Choose();
  EXPECT_THAT(NamesOf(*r), ElementsAre("mid", "smol", "large"));
  EXPECT_EQ(r->primaries(), 1u);
  smol->data.classes = {"public", "internal", "personal"};
  mid->data.classes = {"internal", "personal"};
  EXPECT_THAT(NamesOf(*Choose("baton", {"personal"})), ElementsAre("mid", "smol"));
}

TEST_F(RulesTest, LearnedPolicyFallsToItsBaseline) {
  Rule r;
  r.name = "rest";
  r.policy = "learned";
  r.baseline = "mid";
  options.rules = {r};
  auto route = Choose();
  EXPECT_THAT(NamesOf(*route), ElementsAre("mid"));
  EXPECT_THAT(route->reason(), HasSubstr("no learned policy is installed"));
}

TEST_F(RulesTest, WorkersThatCannotServeAreSkipped) {
  features.has_images = true;
  smol->target.can.vision = false;
  auto r = Choose();
  EXPECT_THAT(NamesOf(*r), ElementsAre("mid", "large"));
  EXPECT_THAT(r->alternatives(), Contains("smol: cannot see images"));
  auto direct = Choose("smol");
  ASSERT_FALSE(direct);
  EXPECT_EQ(direct.error().code, Code::kUnsupported);
  EXPECT_EQ(direct.error().reason, "no_capable_worker");
}

TEST_F(RulesTest, ALengthThatFitsNobodyHasItsOwnError) {
  for (auto* w : {&large, &mid, &smol}) (*w)->context = 1000;
  features.input_tokens = 9000;
  auto r = Choose();
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().code, Code::kTooLarge);
  EXPECT_EQ(r.error().reason, "context_length_exceeded");
  features.input_tokens = 1400;  // an estimate: may yet fit
  EXPECT_TRUE(Choose());
}

TEST_F(RulesTest, EncodersDoNotChat) {
  smol->target.can.chat = false;
  EXPECT_THAT(NamesOf(*Choose()), ElementsAre("mid", "large"));
}

TEST_F(RulesTest, EmbeddingsTakeTheEncoderAndNobodyElse) {
  mid->target.can.chat = false;
  auto permit = PermitFor(catalogue);
  Rules rules(options);
  auto r = rules.ChooseEmbedder("baton", *permit, catalogue);
  ASSERT_TRUE(r);
  EXPECT_THAT(NamesOf(*r), ElementsAre("mid"));
  EXPECT_THAT(NamesOf(*rules.ChooseEmbedder("large", *permit, catalogue)), ElementsAre("large"));
  large->target.can.embeddings = false;
  EXPECT_EQ(rules.ChooseEmbedder("large", *permit, catalogue).error().code, Code::kUnsupported);
  EXPECT_EQ(rules.ChooseEmbedder("nobody", *permit, catalogue).error().code, Code::kNotFound);
  auto personal = PermitFor(catalogue, {"personal"});
  EXPECT_EQ(rules.ChooseEmbedder("large", *personal, catalogue).error().code, Code::kPermissionDenied);
}

TEST_F(RulesTest, ModelNamesListAliasesRulesAndWorkers) {
  Add("code", {}, {"mid"});
  EXPECT_THAT(Rules(options).ModelNames(catalogue),
              ElementsAre("baton", "baton-mini", "baton-ultra", "code", "large", "mid", "smol"));
}

TEST_F(RulesTest, AlternativesAreBounded) {
  for (int i = 0; i < 100; ++i) Add("r" + std::to_string(i), {Is("task", {"code"})}, {"mid"});
  EXPECT_LE(Choose()->alternatives().size(), 16u);
}

TEST(Conditions, EveryFieldCanBeAskedFor) {
  for (const auto& field : FeatureFields()) {
    Condition c;
    c.field = field.name;
    switch (field.kind) {
      case FieldInfo::Kind::kFlag:
        c.want = true;
        break;
      case FieldInfo::Kind::kNumber:
        c.want = Condition::Range{};
        break;
      default:
        c.want = Strings{"x"};
    }
    (void)Matches(c, Features{});
    EXPECT_FALSE(Describe(c).empty());
    EXPECT_FALSE(field.doc.empty());
  }
}

// Whatever the rules, the workers and the data: nobody outside the Permit is ever a candidate, and there is
// always one where a route is given.
TEST(RulesProperty, NoRouteLeavesThePermit) {
  const Strings kClasses = {"public", "internal", "personal", "secret", "custom"};
  int routes = 0;
  for (std::uint64_t seed = 1; seed <= 800; ++seed) {
    Random random(seed);
    auto some = [&](const Strings& of) {
      std::set<std::string> out;
      for (const auto& s : of) {
        if (random.Below(2) == 0) out.insert(s);
      }
      return out;
    };
    rails::Catalogue catalogue;
    Strings names;
    for (std::uint64_t i = 0, n = 1 + random.Below(6); i < n; ++i) {
      auto w = MakeWorker("w" + std::to_string(i), random.Below(3) == 0 ? -1 : random.Unit(), some(kClasses));
      w->target.can = {random.Below(3) > 0, random.Below(2) > 0, true, true, true, true, true, true,
                       random.Below(5) > 0};
      w->context = random.Below(2) == 0 ? 0 : static_cast<std::int64_t>(random.Below(4000));
      names.push_back(w->name);
      catalogue.workers.push_back(w);
    }
    auto any = [&] { return names[random.Below(names.size())]; };
    RulesOptions options;
    for (std::uint64_t i = 0, n = random.Below(5); i < n; ++i) {
      Rule r;
      r.name = "r" + std::to_string(i);
      if (random.Below(2) == 0) r.when.push_back({"data", Strings{kClasses[random.Below(5)]}});
      if (random.Below(3) == 0) r.when.push_back({"has_images", random.Below(2) == 0});
      for (std::uint64_t k = random.Below(3); k > 0; --k) r.workers.push_back(any());
      if (random.Below(4) == 0) r.policy = "learned", r.baseline = any();
      options.rules.push_back(r);
    }
    if (random.Below(2) == 0) options.fallback.on_error = {any(), any()};
    if (random.Below(2) == 0) options.fallback.on_timeout = {any()};
    auto data = some(kClasses);
    if (data.empty()) data.insert("internal");
    auto permit = PermitFor(catalogue, data);
    if (!permit) continue;
    Features f;
    f.data = data;
    f.has_images = random.Below(2) == 0;
    f.has_tools = random.Below(2) == 0;
    f.input_tokens = static_cast<std::int64_t>(random.Below(9000));
    Rules rules(options);
    for (const auto& model : rules.ModelNames(catalogue)) {
      for (auto result :
           {rules.Choose(model, f, *permit, catalogue), rules.ChooseEmbedder(model, *permit, catalogue)}) {
        if (!result) continue;
        ++routes;
        ASSERT_FALSE(result->candidates().empty()) << "seed " << seed;
        std::set<const pool::Worker*> seen;
        for (const auto* w : result->candidates()) {
          ASSERT_TRUE(permit->Allows(*w)) << "seed " << seed << " " << model;
          ASSERT_TRUE(seen.insert(w).second) << "twice, seed " << seed;
          for (const auto& c : data) ASSERT_TRUE(w->data.classes.count(c)) << "seed " << seed;
        }
      }
    }
  }
  EXPECT_GT(routes, 800);
}

}  // namespace
}  // namespace baton::route
