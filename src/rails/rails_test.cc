#include "rails/rails.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::rails {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Says what it is told to say.
class FixedClassifier : public Classifier {
 public:
  explicit FixedClassifier(std::set<DataClass> classes) { data_.classes = std::move(classes); }
  Classification Classify(const chat::Request&) const override { return data_; }
  Classification ClassifyText(std::string_view) const override { return data_; }

 private:
  Classification data_;
};

std::shared_ptr<const pool::Worker> MakeWorker(std::string name, std::set<std::string> classes) {
  auto w = std::make_shared<pool::Worker>();
  w->name = std::move(name);
  w->data.classes = std::move(classes);
  return w;
}

const TimePoint kNow(seconds(1000));

struct RailsTest : ::testing::Test {
  Catalogue catalogue{
      {MakeWorker("large", {"public", "internal"}), MakeWorker("smol", {"public", "internal", "personal"})}};
  RailsOptions options;
  Controls controls;
  Result<Permit> Admit(std::set<DataClass> found) {
    Rails rails(options, std::make_shared<FixedClassifier>(std::move(found)));
    return rails.Admit(Caller{}, controls, chat::Request{}, catalogue, kNow);
  }
};

TEST_F(RailsTest, TheirOrderIsFixed) {
  EXPECT_THAT(Rails::Order(),
              ElementsAre("authorise", "screen", "govern", "constrain", "tier_down", "suspect", "ceiling"));
}

TEST_F(RailsTest, HarmlessDataLeavesAllWorkersInTheCataloguesOrder) {
  auto p = Admit({"internal"});
  ASSERT_TRUE(p);
  ASSERT_EQ(p->workers().size(), 2u);
  EXPECT_EQ(p->workers()[0]->name, "large");
  EXPECT_TRUE(p->reasons().empty());
  EXPECT_EQ(p->tenant(), "local");
}

TEST_F(RailsTest, PersonalDataLeavesOnlyWorkersThatMaySeeIt) {
  auto p = Admit({"personal"});
  ASSERT_TRUE(p);
  ASSERT_EQ(p->workers().size(), 1u);
  EXPECT_EQ(p->workers()[0]->name, "smol");
  EXPECT_FALSE(p->Allows(*catalogue.workers[0]));
  EXPECT_TRUE(p->Allows(*catalogue.workers[1]));
  EXPECT_THAT(p->reasons(), ElementsAre("data class personal: only smol may see it"));
}

TEST_F(RailsTest, AWorkerMustBeAllowedEveryClassFound) {
  auto p = Admit({"personal", "secret"});
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().code, Code::kPermissionDenied);
  EXPECT_EQ(p.error().reason, "policy_violation");
  EXPECT_THAT(p.error().message, HasSubstr("personal, secret"));
}

TEST_F(RailsTest, TheRefusalNamesTypesButNeverContent) {
  auto classifier = Classifier::Build({}).value();
  Rails rails(options, classifier);
  chat::Request r;
  r.messages.resize(1);
  r.messages[0].parts.push_back(chat::Text{"password: hunter2! mail bob@corp.org", {}});
  auto p = rails.Admit(Caller{}, controls, r, catalogue, kNow);
  ASSERT_FALSE(p);
  EXPECT_THAT(p.error().message, HasSubstr("credential"));
  EXPECT_THAT(p.error().message, ::testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(p.error().message, ::testing::Not(HasSubstr("bob@")));
}

TEST_F(RailsTest, NoWorkersAtAllSaysSo) {
  catalogue.workers.clear();
  auto p = Admit({"internal"});
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().reason, "no_workers");
}

TEST_F(RailsTest, DeadlineCountsFromTheArrivalOfTheHead) {
  options.default_deadline = seconds(60);
  EXPECT_EQ(Admit({"internal"})->deadline().at(), kNow + seconds(60));
}

TEST_F(RailsTest, ACallerCanShortenTheDeadlineButNotExtendIt) {
  options.default_deadline = seconds(60);
  controls.deadline = milliseconds(1500);
  EXPECT_EQ(Admit({"internal"})->deadline().at(), kNow + milliseconds(1500));
  controls.deadline = seconds(600);
  EXPECT_EQ(Admit({"internal"})->deadline().at(), kNow + seconds(60));
}

TEST_F(RailsTest, TheLowerCostCeilingHolds) {
  EXPECT_FALSE(Admit({"internal"})->lease().ceiling().usd);
  options.max_cost_per_request = budget::Nanos{500};
  EXPECT_EQ(Admit({"internal"})->lease().ceiling().usd, budget::Nanos{500});
  controls.max_cost = budget::Nanos{200};
  EXPECT_EQ(Admit({"internal"})->lease().ceiling().usd, budget::Nanos{200});
  controls.max_cost = budget::Nanos{900};
  EXPECT_EQ(Admit({"internal"})->lease().ceiling().usd, budget::Nanos{500});
}

TEST_F(RailsTest, ZeroCostMeansFreeWorkersOnlyAndIsNoError) {
  controls.max_cost = budget::Nanos{0};
  auto p = Admit({"internal"});
  ASSERT_TRUE(p);
  EXPECT_EQ(p->lease().ceiling().usd, budget::Nanos{0});
}

TEST_F(RailsTest, NonsenseControlsAreRefusedByName) {
  controls.deadline = milliseconds(0);
  EXPECT_EQ(Admit({"internal"}).error().param, "baton-deadline-ms");
  controls = {};
  controls.max_cost = budget::Nanos{-1};
  EXPECT_EQ(Admit({"internal"}).error().param, "baton-max-cost-usd");
}

TEST_F(RailsTest, EmbeddingTextsAreScreenedLikeMessages) {
  Rails rails(options, Classifier::Build({}).value());
  chat::EmbedRequest r;
  r.texts = {"hello", "mail bob@corp.org"};
  auto p = rails.Admit(Caller{}, controls, r, catalogue, kNow);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->workers().size(), 1u);
  ASSERT_EQ(p->data().spans.size(), 1u);
  EXPECT_EQ(p->data().spans[0].place.message, 1u);
}

}  // namespace
}  // namespace baton::rails
