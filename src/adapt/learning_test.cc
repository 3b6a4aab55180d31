#include "adapt/learning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "adapt/join.h"
#include "estimate/router_model.h"
#include "record/open.h"
#include "record/recorder_fixture.h"

namespace baton::adapt {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// A model over two workers: what it says matters to nobody here.
estimate::RouterModel Model(const estimate::Featurizer& featurizer, std::uint64_t seed) {
  std::vector<std::string> prompts;
  for (int i = 0; i < 40; ++i) prompts.push_back("question " + std::to_string(i));
  const std::vector<std::string_view> views(prompts.begin(), prompts.end());
  estimate::Table t;
  t.rows = prompts.size(), t.workers = 2, t.features = featurizer.width();
  t.x = featurizer.OfPrompts(views);
  for (std::size_t r = 0; r < t.rows; ++r) {
    t.quality.insert(t.quality.end(), {static_cast<float>((r + seed) % 2), 0.9F});
    t.out_tokens.insert(t.out_tokens.end(), {20.0F, 30.0F});
  }
  estimate::RouterOptions options;
  options.kind = "logistic";
  options.seed = seed;
  auto model = estimate::FitRouter(t, {"smol", "large"}, {{"x", 1}, {"y", 9}}, featurizer,
                                   "made up " + std::to_string(seed), options);
  EXPECT_TRUE(model) << model.error().message;
  return std::move(*model);
}

class LearningTest : public record::RecorderFixture {
 protected:
  LearningTest() {
    model_ = Model(*featurizer_, 1);
    (void)estimate::ToBytes(&model_);
    options_.queue_bytes = std::size_t{64} << 20;
    recorder_ = RecorderFixture::Open();
    setup_.settings.adapt = true;
    setup_.settings.single = "large";
    setup_.settings.least_rewards = 20;
    setup_.value_usd = 0.01;
    setup_.configured = model_.version;
    setup_.featurizer = featurizer_;
    Restart();
  }
  ~LearningTest() override { learning_.reset(); }

  void Restart() {
    learning_.reset();
    Learning::Deps deps;
    deps.store = record::StoreAt(options_.path, store::Mode::kCreate);
    deps.clock = &clock_;
    deps.recorder = recorder_.get();
    deps.metrics = &metrics_;
    deps.every = Duration::zero();
    auto opened = Learning::Open(std::move(deps));
    ASSERT_TRUE(opened) << opened.error().message;
    learning_ = std::move(*opened);
    learning_->Configure(setup_);
  }

  // One exchange that a learned policy decided, and what was said about it.
  ExchangeId Rated(const std::string& policy, learn::Arm arm, const std::string& worker, double score,
                   const std::string& tenant = "t", const std::string& task = "code") {
    clock_.Advance(std::chrono::milliseconds(2));
    record::Provenance p = record::Sample(ids_.Next(), random_);
    p.outcome = "ok", p.workflow = "single", p.policy = policy, p.worker = worker, p.task = task;
    p.calls.resize(1);
    p.calls[0].worker = worker, p.calls[0].outcome = "ok";
    p.cost = budget::Nanos{1'000'000};
    p.steps.clear(), p.degraded.clear();
    learn::Noted noted;
    noted.arm = arm;
    noted.trial = learn::Arm::kInPlace != arm || canary_;
    noted.quality = 0.6;
    noted.would = would_;
    noted.would_quality = 0.7;
    p.propensity = propensity_;
    p.features = learn::WithNoted(R"({"task":"code"})", learn::RecordText(noted));
    record::Feedback f;
    f.exchange = p.id, f.name = "n" + std::to_string(p.id), f.tenant = tenant;
    f.score_millionths = static_cast<std::int64_t>(score * 1e6);
    f.at_unix_ns = clock_.UnixNanos();
    const ExchangeId id = p.id;
    EXPECT_TRUE(recorder_->Submit(std::move(p)));
    EXPECT_TRUE(recorder_->AddFeedback(f));
    return id;
  }
  void Learn() {
    FlushAndWait(*recorder_);
    learning_->Tick();
  }
  Result<std::string> Run(learn::Command command) {
    std::promise<Result<std::string>> done;
    command.by = "ann";
    learning_->Run(std::move(command), [&](Result<std::string> r) { done.set_value(std::move(r)); });
    return done.get_future().get();
  }
  Json Shown() { return Json::parse(*Run({})); }
  // The version of a candidate that the store keeps.
  std::string Install(std::uint64_t seed = 2) {
    auto candidate = Model(*featurizer_, seed);
    learn::Command c;
    c.what = learn::Command::What::kInstall;
    c.bytes = estimate::ToBytes(&candidate);
    c.name = "next.bin";
    auto done = Run(std::move(c));
    EXPECT_TRUE(done) << done.error().message;
    return candidate.version;
  }
  Result<std::string> Shadow(const std::string& version) {
    learn::Command c;
    c.what = learn::Command::What::kShadow;
    c.policy = version;
    return Run(std::move(c));
  }
  Result<std::string> Step(learn::Command::What what, double share = 0, bool force = false) {
    learn::Command c;
    c.what = what;
    c.share = share;
    c.force = force;
    return Run(std::move(c));
  }
  double Correction(const std::string& worker) {
    const auto learnt = learning_->share()->learnt.Get();
    const auto at = learnt->regime.corrections.find(model_.version);
    return at == learnt->regime.corrections.end() ? 0
                                                  : at->second->Of(worker, learn::Compact().Values()).quality;
  }
  void Damage(const std::string& sql) {
    auto db = store::OpenSqlite(record::StoreAt(options_.path, store::Mode::kCreate));
    ASSERT_TRUE(db);
    ASSERT_TRUE((*db)->Exec(sql));
  }

  using What = learn::Command::What;
  std::shared_ptr<const estimate::Featurizer> featurizer_ = std::make_shared<estimate::Featurizer>(nullptr);
  estimate::RouterModel model_;
  std::unique_ptr<record::Recorder> recorder_;
  IdSource ids_{clock_, 7};
  adapt::Setup setup_;
  std::unique_ptr<Learning> learning_;
  bool canary_ = false;
  std::string would_;
  double propensity_ = 1;
};

TEST_F(LearningTest, FeedbackCorrectsThePolicyThatDecidedAndSurvivesARestart) {
  for (int i = 0; i < 60; ++i) Rated(model_.version, learn::Arm::kInPlace, "smol", 0);
  Learn();
  const double taught = Correction("smol");
  EXPECT_LT(taught, -0.1);
  EXPECT_EQ(Correction("large"), 0);
  Restart();
  EXPECT_EQ(Correction("smol"), taught);
  Learn();
  EXPECT_EQ(Correction("smol"), taught) << "what was read is not read again";
}

TEST_F(LearningTest, NothingIsLearnedWhereTheOperatorDoesNotSaySo) {
  setup_.settings.adapt = false;
  learning_->Configure(setup_);
  for (int i = 0; i < 30; ++i) Rated(model_.version, learn::Arm::kInPlace, "smol", 0);
  Learn();
  EXPECT_EQ(Correction("smol"), 0);
}

TEST_F(LearningTest, OneTenantMovesOnlySoMuch) {
  for (const char* honest : {"a", "b", "c", "d", "e"}) {
    for (int i = 0; i < 30; ++i) Rated(model_.version, learn::Arm::kInPlace, "smol", 0.6, honest);
  }
  Learn();
  const double before = Correction("smol");
  for (int i = 0; i < 600; ++i) Rated(model_.version, learn::Arm::kInPlace, "smol", 0, "liar");
  Learn();
  const double bounded = Correction("smol") - before;
  // The same flood without the bounds.
  setup_.settings.tenant_share = 1;
  setup_.settings.tenant_ratings_per_day = 1e6;
  learning_->Configure(setup_);
  for (int i = 0; i < 600; ++i) Rated(model_.version, learn::Arm::kInPlace, "smol", 0, "liar");
  Learn();
  EXPECT_GT(bounded, -0.25);
  EXPECT_LT(Correction("smol"), bounded * 1.5);
}

TEST_F(LearningTest, FaultsStandInsAndRepeatsTeachNothing) {
  record::Provenance p = record::Sample(ids_.Next(), random_);
  p.outcome = "ok", p.workflow = "single", p.worker = "smol", p.degraded.clear();
  p.calls.resize(1);
  p.calls[0].worker = "smol", p.calls[0].outcome = "ok";
  p.features = learn::WithNoted(R"({"task":"code"})", learn::RecordText({}));
  record::Feedback first, second;
  first.name = "one", second.name = "two";
  p.feedback = {first, second};
  EXPECT_TRUE(RatedOf(p, first));
  EXPECT_TRUE(RatedOf(p, first)->clean);
  EXPECT_FALSE(RatedOf(p, second)) << "one answer is one lesson";
  p.calls[0].worker = "large";
  EXPECT_FALSE(RatedOf(p, first)->clean) << "a stand-in answered";
  p.features = R"({"task":"code"})";
  EXPECT_FALSE(RatedOf(p, first)) << "nothing learned decided";
}

TEST_F(LearningTest, DamagedStateIsLeftOutAndSaid) {
  for (int i = 0; i < 60; ++i) Rated(model_.version, learn::Arm::kInPlace, "smol", 0);
  Learn();
  learning_.reset();
  Damage("UPDATE learn_state SET text = SUBSTR(text, 1, 400) WHERE key LIKE 'bandit.%'");
  Restart();
  EXPECT_EQ(Correction("smol"), 0);
  EXPECT_EQ(Metric(R"(baton_learned_refused_total{reason="state"})"), 1);
  Damage("UPDATE learn_state SET text = 'what' WHERE key = 'promotion'");
  Restart();
  EXPECT_EQ(Shown()["stage"], "none");
}

TEST_F(LearningTest, ForeignBytesAreNoCandidate) {
  auto candidate = Model(*featurizer_, 3);
  const std::string good = estimate::ToBytes(&candidate);
  for (const std::string& bytes : {std::string(), std::string("a text"), good.substr(0, good.size() / 2)}) {
    learn::Command c;
    c.what = What::kInstall;
    c.bytes = bytes;
    const auto done = Run(std::move(c));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::kInvalidRequest);
  }
  EXPECT_EQ(Shadow("router-nobody").error().Name(), "policy_not_found");
  EXPECT_EQ(Shadow(model_.version).error().Name(), "same_policy");
  EXPECT_EQ(Step(What::kPromote).error().Name(), "stage_order");
  EXPECT_EQ(Step(What::kRollback).error().Name(), "no_candidate");
}

TEST_F(LearningTest, ACandidateGoesItsWayAndComesBackOverRestarts) {
  const std::string candidate = Install();
  ASSERT_TRUE(Shadow(candidate));
  Restart();
  auto learnt = learning_->share()->learnt.Get();
  EXPECT_EQ(learnt->regime.Candidate(), candidate);
  EXPECT_TRUE(learnt->models.contains(candidate));
  ASSERT_TRUE(Step(What::kPromote, 0.2));
  EXPECT_EQ(Step(What::kPromote).error().Name(), "gate_closed") << "nobody has rated anything yet";
  EXPECT_EQ(Step(What::kPromote, 0.3).error().Name(), "canary_running");
  canary_ = true;
  for (int i = 0; i < 400; ++i) {
    Rated(candidate, learn::Arm::kCandidate, "smol", 1, "t" + std::to_string(i % 40));
    for (int k = 0; k < 3; ++k)
      Rated(model_.version, learn::Arm::kInPlace, "large", 0.3, "t" + std::to_string((i + k) % 40));
    Rated("single", learn::Arm::kSingle, "large", 0.3, "t" + std::to_string((i + 9) % 40));
  }
  Learn();
  const Json shown = Shown();
  ASSERT_EQ(shown["slices"].size(), 1U) << shown.dump(2);
  EXPECT_EQ(shown["slices"][0]["passes"], true) << shown["slices"].dump(2);
  auto full = Step(What::kPromote);
  ASSERT_TRUE(full) << full.error().message;
  EXPECT_EQ(Json::parse(*full)["in_place"]["code"], candidate);
  Restart();
  learnt = learning_->share()->learnt.Get();
  EXPECT_EQ(learnt->regime.InPlace("code"), candidate);
  EXPECT_EQ(learnt->regime.InPlace("maths"), "");
  ASSERT_TRUE(Step(What::kRollback));
  EXPECT_EQ(learning_->share()->learnt.Get()->regime.InPlace("code"), "");
}

TEST_F(LearningTest, ACanaryThatHarmsIsTakenBackByTheServer) {
  const std::string candidate = Install();
  ASSERT_TRUE(Shadow(candidate));
  ASSERT_TRUE(Step(What::kPromote, 0.3));
  canary_ = true;
  for (int i = 0; i < 1200; ++i) {
    Rated(candidate, learn::Arm::kCandidate, "smol", 0, "t" + std::to_string(i % 40));
    Rated(model_.version, learn::Arm::kInPlace, "large", 1, "t" + std::to_string(i % 40));
  }
  Learn();
  const Json shown = Shown();
  EXPECT_EQ(shown["stage"], "none");
  EXPECT_EQ(shown["events"][0]["what"], "rollback");
  EXPECT_EQ(shown["events"][0]["by"], "server");
  EXPECT_THAT(shown["events"][0]["detail"].get<std::string>(), HasSubstr("worse than the policy in place"));
  EXPECT_EQ(Metric(R"(baton_policy_rollbacks_total{by="harm"})"), 1);
  EXPECT_EQ(learning_->share()->learnt.Get()->regime.Candidate(), "");
}

TEST_F(LearningTest, AShadowThatIsWorseByTheLogBeyondDoubtGoesNoFurther) {
  ASSERT_TRUE(Shadow(Install()));
  would_ = "smol";
  propensity_ = 0.5;
  for (int i = 0; i < 400; ++i)
    Rated(model_.version, learn::Arm::kInPlace, i % 2 ? "smol" : "large", i % 2 ? 0 : 1,
          "t" + std::to_string(i));
  Learn();
  const Json estimate = Shown()["estimate"];
  EXPECT_EQ(estimate["rated"], 400) << estimate.dump(2);
  ASSERT_TRUE(estimate.contains("dr")) << estimate.dump(2);
  EXPECT_EQ(Step(What::kPromote).error().Name(), "gate_closed");
  EXPECT_TRUE(Step(What::kPromote, 0, true)) << "who insists may";
}

TEST_F(LearningTest, WithoutDrawsTheLogHasNoWordAboutOthers) {
  ASSERT_TRUE(Shadow(Install()));
  would_ = "smol";
  for (int i = 0; i < 300; ++i)
    Rated(model_.version, learn::Arm::kInPlace, "large", 1, "t" + std::to_string(i));
  Learn();
  EXPECT_TRUE(Shown()["estimate"].contains("refused"));
}

TEST_F(LearningTest, TheDaysDollarsSurviveARestart) {
  setup_.settings.explore = true;
  setup_.settings.explore_usd_per_day = budget::Nanos{1'000'000};
  learning_->Configure(setup_);
  auto& purse = learning_->share()->live.explore();
  std::int64_t taken = 0;
  for (int i = 0; i < 100; ++i) {
    if (purse.Take({20'000})) taken += 20'000;
    if (i % 3 == 0) learning_->Tick();
    if (i == 50) {
      Restart();
      break;
    }
  }
  for (int i = 0; i < 200; ++i) {
    if (learning_->share()->live.explore().Take({20'000})) taken += 20'000;
    if (i % 3 == 0) learning_->Tick();
  }
  EXPECT_LE(taken, 1'000'000);
  EXPECT_GE(taken, 800'000);
}

}  // namespace
}  // namespace baton::adapt
