#include "replay/replay.h"

#include "learn/teacher.h"
#include "record/recorder_fixture.h"
#include "replay/features.h"
#include "route/router_fixture.h"

namespace baton::replay {
namespace {

class Replays : public record::RecorderFixture {
 protected:
  Replays() {
    catalogue_.workers = {route::MakeWorker("large", 10),
                          route::MakeWorker("smol", 1, {"public", "internal", "personal"})};
  }

  record::Provenance Exchange(int n, const std::string& task, const std::string& worker,
                              std::int64_t output = 100) {
    record::Provenance p;
    p.id = record::SampleId(n);
    p.tenant = "local";
    p.endpoint = "chat";
    p.model = "baton";
    p.route = task == "code" ? "code" : "rest";
    p.workflow = "single";
    p.policy = "rules/1";
    p.data_classes = "internal";
    route::Features f;
    f.task = task;
    f.input_tokens = 1000;
    p.features = route::ToJson(f);
    p.worker = worker;
    p.outcome = "ok";
    p.input_tokens = 1000;
    p.output_tokens = output;
    p.cost = budget::Nanos{(1000 + output) * (worker == "large" ? 10'000 : 1'000)};
    pool::CallRecord call;
    call.worker = worker;
    call.outcome = "ok";
    p.calls.push_back(call);
    return p;
  }

  // Code to `coder`, the rest to smol.
  route::Rules Rules(const std::string& coder) {
    route::RulesOptions o;
    o.rules = {{"code", {{"task", std::vector<std::string>{"code"}}}, "single", {coder}, "", ""},
               {"rest", {}, "single", {"smol"}, "", ""}};
    return route::Rules(o);
  }

  Result<Report> Run(const record::Recorder& log, const route::Rules& rules) {
    return Replay(log, {{}, &rules, &catalogue_}, {});
  }

  rails::Catalogue catalogue_;
};

TEST_F(Replays, FeaturesComeBackAsTheyWere) {
  route::Features f;
  f.task = "maths \"x\"";
  f.has_code = f.stream = true;
  f.turns = 3, f.input_chars = 77, f.input_tokens = 20, f.max_tokens = 5, f.latency_budget_ms = 1200;
  f.data = {"internal", "personal"};
  const auto back = FeaturesFromJson(route::ToJson(f));
  ASSERT_TRUE(back);
  EXPECT_EQ(route::ToJson(*back), route::ToJson(f));
  EXPECT_FALSE(FeaturesFromJson(""));
  EXPECT_FALSE(FeaturesFromJson("[1]"));
  EXPECT_FALSE(FeaturesFromJson("{\"tas"));
}

TEST_F(Replays, TheConfigurationThatRanChangesNothing) {
  auto log = Open();
  for (int i = 0; i < 50; ++i) log->Submit(Exchange(i, i % 2 ? "code" : "chat", i % 2 ? "large" : "smol"));
  FlushAndWait(*log);
  const auto report = Run(*log, Rules("large"));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->exchanges, 50);
  EXPECT_EQ(report->same, 50);
  EXPECT_EQ(report->was, report->would);
}

TEST_F(Replays, AnotherConfigurationTellsWhatMovesAndWhatItCosts) {
  auto log = Open();
  // smol answers code twice as long as large, in another part of the log.
  for (int i = 0; i < 10; ++i) log->Submit(Exchange(i, "code", "large", 100));
  for (int i = 10; i < 20; ++i) log->Submit(Exchange(i, "chat", "smol", 200));
  FlushAndWait(*log);
  const auto report = Run(*log, Rules("smol"));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->changed, 10);
  EXPECT_EQ((report->moves.at({"large", "smol"})), 10);
  // 1,000 tokens in, 100 * 2 out at 1 dollar per million; ten of them, and the ten that stay.
  EXPECT_EQ(report->would.v, 10 * 1'200'000 + 10 * 1'200'000);
  EXPECT_EQ(report->changes.front().id, record::SampleId(9)) << "newest first";
  EXPECT_NE(report->changes.front().reason.find("rule 'code'"), std::string::npos);
}

TEST_F(Replays, DataClassesBindAsTheyDidThen) {
  auto log = Open();
  record::Provenance p = Exchange(1, "code", "smol");
  p.data_classes = "internal,personal";
  log->Submit(p);
  FlushAndWait(*log);
  auto report = Run(*log, Rules("large"));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->same, 1) << "large may not see personal data";
  catalogue_.workers = {route::MakeWorker("large", 10)};
  report = Run(*log, Rules("large"));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->refused_now, 1);
  EXPECT_EQ((report->moves.at({"smol", "(refused: policy_violation)"})), 1);
}

TEST_F(Replays, LearnedChoicesStandWhereTheRuleStillLeavesThemOpen) {
  auto log = Open();
  record::Provenance p = Exchange(1, "chat", "large");
  p.policy = "router-0123";
  log->Submit(p);
  FlushAndWait(*log);
  route::RulesOptions o;
  o.rules = {{"rest", {}, "single", {}, "learned", "smol"}};
  auto report = Run(*log, route::Rules(o));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->same, 1);
  o.rules = {{"rest", {}, "single", {"smol"}, "", ""}};
  report = Run(*log, route::Rules(o));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->changed, 1);
}

TEST_F(Replays, SameRecordsAndConfigurationSameBytes) {
  auto log = Open();
  for (int i = 0; i < 1500; ++i)
    log->Submit(Exchange(i, i % 3 ? "code" : "chat", i % 5 ? "large" : "smol", 50 + i % 7));
  FlushAndWait(*log);
  const auto a = Run(*log, Rules("smol")), b = Run(*log, Rules("smol"));
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->exchanges, 1500);
  EXPECT_EQ(ToJson(*a), ToJson(*b));
  EXPECT_EQ(ToText(*a), ToText(*b));
}

TEST_F(Replays, UnknownStaysUnknown) {
  catalogue_.workers.push_back(route::MakeWorker("unpriced"));
  auto log = Open();
  log->Submit(Exchange(1, "code", "large"));
  record::Provenance early = Exchange(2, "code", "");
  early.features.clear();
  early.calls.clear();
  log->Submit(early);
  FlushAndWait(*log);
  const auto report = Run(*log, Rules("unpriced"));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->unreadable, 1);
  EXPECT_EQ(report->unpriced, 1);
  EXPECT_EQ(report->would.v, 0);
  EXPECT_NE(ToText(*report).find("unknown"), std::string::npos);
}

// With the vector the choice is made again, by whatever router the configuration has.
TEST_F(Replays, AnotherRouterDecidesARecordedRequestAgain) {
  const auto featurizer = std::make_shared<estimate::Featurizer>(nullptr);
  const auto careful = route::MakeModel(*featurizer), trusting = route::MakeModel(*featurizer, true);
  SimClock clock;
  auto permit = route::PermitFor(catalogue_);
  ASSERT_TRUE(permit);
  const route::Features f = route::Compute(route::Ask(route::Story(1)), *permit, featurizer.get());
  record::Provenance p = Exchange(1, f.task, "large");
  p.route = "default", p.policy = careful->version;
  learn::Noted noted;
  noted.quiet = true;
  p.features = learn::WithNoted(route::WithVector(route::ToJson(f), f.vector), learn::RecordText(noted));
  EXPECT_EQ(FeaturesFromJson(p.features)->vector, f.vector) << "to the bit";
  const auto under = [&](const std::shared_ptr<const estimate::RouterModel>& model) {
    route::RulesOptions o;
    o.router = std::make_shared<route::Router>(model, route::RouterSettings{}, catalogue_, clock);
    const route::Rules rules(o);
    auto d = Decide(p, {{}, &rules, &catalogue_});
    EXPECT_TRUE(d);
    return d->worker;
  };
  EXPECT_EQ(under(careful), "large");
  EXPECT_EQ(under(trusting), "smol");
  noted.ceiling = 1e-5;
  p.features = learn::WithNoted(route::WithVector(route::ToJson(f), f.vector), learn::RecordText(noted));
  EXPECT_EQ(under(careful), "smol") << "the caller's ceiling is remembered";
}

}  // namespace
}  // namespace baton::replay
