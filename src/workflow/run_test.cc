#include "workflow/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "pool/fake_backend.h"
#include "rails/rails.h"
#include "route/features.h"
#include "route/rules.h"

namespace baton::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Says what it is told to say.
class FixedClassifier : public rails::Classifier {
 public:
  explicit FixedClassifier(std::set<rails::DataClass> classes) { data_.classes = std::move(classes); }
  rails::Classification Classify(const chat::Request&) const override { return data_; }
  rails::Classification ClassifyText(std::string_view) const override { return data_; }

 private:
  rails::Classification data_;
};

class RunTest : public ::testing::Test {
 protected:
  RunTest() {
    AddWorker("large", {"public", "internal"});
    AddWorker("smol", {"public", "internal", "personal"});
    pool::PoolDeps deps;
    deps.loop = &loop_;
    deps.workers = catalogue_.workers;
    deps.backend = [this](std::shared_ptr<const pool::Worker> w) -> std::unique_ptr<pool::Backend> {
      return std::make_unique<pool::FakeBackend>(loop_, stages_[w->name]);
    };
    pool_ = pool::CreatePool(std::move(deps));
    route::RulesOptions options;
    route::Rule rule;
    rule.name = "quick";
    rule.workers = {"large", "smol"};
    options.rules.push_back(rule);
    rules_.emplace(std::move(options));
    request_.model = "quick";
    chat::Message question;
    question.parts.emplace_back(chat::Text{"hello", {}});
    request_.messages.push_back(std::move(question));
  }

  void AddWorker(const std::string& name, std::set<std::string> classes) {
    auto w = std::make_shared<pool::Worker>();
    w->name = name;
    w->dialect = "openai";
    w->data.classes = std::move(classes);
    catalogue_.workers.push_back(std::move(w));
  }

  rails::Permit Admit(std::set<rails::DataClass> found) {
    rails::Rails rails({}, std::make_shared<FixedClassifier>(std::move(found)));
    auto permit = rails.Admit({}, {}, request_, catalogue_, loop_.Now());
    EXPECT_TRUE(permit);
    return std::move(*permit);
  }

  route::Route RouteFor(const rails::Permit& permit) {
    auto route = rules_->Choose("quick", route::Compute(request_, permit), permit, catalogue_);
    EXPECT_TRUE(route) << (route ? "" : route.error().message);
    return std::move(*route);
  }

  static Task<void> Drive(RunTest* self, rails::Permit* permit, const route::Route* route,
                          std::optional<Trace>* out) {
    Runner runner{RunnerDeps{}};
    Job job{*permit, *route, self->request_, self->catalogue_, 10, *self->pool_};
    Trace trace = co_await runner.Run(std::move(job));
    out->emplace(std::move(trace));
  }
  Trace Run(rails::Permit& permit, const route::Route& route) {
    std::optional<Trace> out;
    Spawn(Drive(this, &permit, &route, &out));
    loop_.Run();
    EXPECT_TRUE(out);
    return std::move(*out);
  }
  static std::vector<std::string> Asked(const Trace& trace) {
    std::vector<std::string> out;
    for (const auto& step : trace.steps()) {
      for (const auto& call : step.calls) out.push_back(call.worker);
    }
    return out;
  }

  SimLoop loop_;
  rails::Catalogue catalogue_;
  std::map<std::string, pool::FakeBackend::Stage> stages_;
  std::unique_ptr<pool::Pool> pool_;
  std::optional<route::Rules> rules_;
  chat::Request request_;
};

TEST_F(RunTest, TheFirstWorkerOfTheRouteAnswers) {
  rails::Permit permit = Admit({"internal"});
  const route::Route route = RouteFor(permit);
  const Trace trace = Run(permit, route);
  ASSERT_TRUE(trace.answer());
  EXPECT_EQ(chat::TextOf(trace.answer()->choices[0].message), "hello");
  EXPECT_EQ(trace.worker()->name, "large");
  EXPECT_THAT(Asked(trace), ElementsAre("large"));
  EXPECT_EQ(trace.steps()[0].name, "answer");
  EXPECT_EQ(permit.lease().outstanding(), 0);
  EXPECT_EQ(permit.lease().tokens_spent(), 15);
}

TEST_F(RunTest, ItsFallbacksStandBehindIt) {
  stages_["large"].play = [](int) {
    pool::FakeScript s;
    s.failure = pool::FakeFailure(provider::Fault::kServer, Code::kUnavailable, "worker_server", 500);
    s.pieces.clear();
    return s;
  };
  rails::Permit permit = Admit({"internal"});
  const route::Route route = RouteFor(permit);
  const Trace trace = Run(permit, route);
  ASSERT_TRUE(trace.answer());
  EXPECT_THAT(Asked(trace), ElementsAre("large", "smol"));
  EXPECT_EQ(trace.worker()->name, "smol");
}

TEST_F(RunTest, ARouteThatAsksForMoreThanThePermitAllowsIsCutToIt) {
  rails::Permit open = Admit({"internal"});
  const route::Route route = RouteFor(open);  // large first
  rails::Permit personal = Admit({"personal"});
  const Trace trace = Run(personal, route);
  ASSERT_TRUE(trace.answer());
  EXPECT_THAT(Asked(trace), ElementsAre("smol")) << "rails dispose, whatever the route proposes";
}

TEST_F(RunTest, ARouteWithNobodyAllowedAsksNobody) {
  catalogue_.workers.pop_back();
  rails::Permit open = Admit({"internal"});
  const route::Route route = RouteFor(open);  // large alone
  AddWorker("vault", {"public", "internal", "personal"});
  rails::Permit personal = Admit({"personal"});
  const Trace trace = Run(personal, route);
  ASSERT_FALSE(trace.answer());
  EXPECT_EQ(trace.answer().error().code, Code::kPermissionDenied);
  EXPECT_EQ(trace.answer().error().reason, "policy_violation");
  EXPECT_THAT(trace.answer().error().message, HasSubstr("quick"));
  EXPECT_THAT(Asked(trace), IsEmpty());
  EXPECT_EQ(stages_["large"].asked, 0);
}

}  // namespace
}  // namespace baton::workflow
