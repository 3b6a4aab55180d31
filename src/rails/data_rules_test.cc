#include "rails/data_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rails/rails.h"

namespace baton::rails {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const pool::Worker> MakeWorker(std::string name, std::string region, std::string retention,
                                               bool trains) {
  auto w = std::make_shared<pool::Worker>();
  w->name = std::move(name);
  w->data.region = std::move(region);
  w->data.retention = std::move(retention);
  w->data.trains = trains;
  w->data.classes = {"public", "internal", "personal"};
  return w;
}

chat::Request Ask(std::string text) {
  chat::Request r;
  r.model = "baton";
  r.raw = "{}";
  chat::Message m;
  m.parts.push_back(chat::Text{std::move(text), {}});
  r.messages.push_back(std::move(m));
  return r;
}

struct DataRulesTest : ::testing::Test {
  Catalogue catalogue{{MakeWorker("us", "us", "30d", false), MakeWorker("eu", "eu", "none", false),
                       MakeWorker("trainer", "eu", "unknown", true)}};
  RailsOptions options;
  std::shared_ptr<const Classifier> classifier = Classifier::Build({}).value();
  Result<Permit> Admit(const std::string& text) { return Admit(Ask(text)); }
  Result<Permit> Admit(const chat::Request& request) {
    return Rails(options, classifier).Admit({}, {}, request, catalogue, TimePoint());
  }
  std::vector<std::string> Names(const Permit& p) {
    std::vector<std::string> out;
    for (const auto* w : p.workers()) out.push_back(w->name);
    return out;
  }
};

TEST_F(DataRulesTest, WithoutRulesNothingIsHiddenAndTheRequestIsItself) {
  const auto p = Admit("I am ann@example.org");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->veil(), nullptr);
}

TEST_F(DataRulesTest, TermsLeaveOnlyWorkersThatMeetThem) {
  options.data_rules = {{"eu-only", {"personal"}, {}, Act::kAllow, {{"eu"}, std::chrono::hours(24), true}}};
  const auto p = Admit("I am ann@example.org");
  ASSERT_TRUE(p);
  EXPECT_EQ(Names(*p), std::vector<std::string>{"eu"});
  const auto harmless = Admit("hello");
  ASSERT_TRUE(harmless);
  EXPECT_EQ(harmless->workers().size(), 3u);
}

TEST_F(DataRulesTest, NobodyMeetsTheTermsIsSaidWithTheRule) {
  options.data_rules = {{"moon-only", {"personal"}, {}, Act::kAllow, {{"moon"}, {}, false}}};
  const auto p = Admit("I am ann@example.org");
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().reason, "policy_violation");
  EXPECT_THAT(p.error().message, HasSubstr("moon-only"));
}

TEST_F(DataRulesTest, ABlockRefusesAndNamesTypesNeverContent) {
  options.data_rules = {{"no-keys", {"secret"}, {}, Act::kBlock, {}}};
  const auto p = Admit("password: hunter2!");
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().code, Code::kPermissionDenied);
  EXPECT_EQ(p.error().reason, "data_blocked");
  EXPECT_THAT(p.error().message, HasSubstr("credential"));
  EXPECT_THAT(p.error().message, ::testing::Not(HasSubstr("hunter2")));
}

TEST_F(DataRulesTest, ReviewIsForChatsAndRefusesEmbeddings) {
  options.data_rules = {{"people", {"personal"}, {}, Act::kReview, {}}};
  EXPECT_EQ(Admit("I am ann@example.org").error().reason, "needs_review");
  chat::EmbedRequest e;
  e.texts = {"ann@example.org"};
  const auto p = Rails(options, classifier).Admit({}, {}, e, catalogue, TimePoint());
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().reason, "data_blocked");
}

TEST_F(DataRulesTest, RedactionHidesAndWhatIsLeftDecidesWhoMaySee) {
  catalogue.workers.push_back([] {
    auto w = std::make_shared<pool::Worker>();
    w->name = "careful";
    w->data.classes = {"internal"};
    return w;
  }());
  options.data_rules = {{"hide", {"personal"}, {"email"}, Act::kRedact, {}}};
  const auto p = Admit("I am ann@example.org");
  ASSERT_TRUE(p);
  ASSERT_NE(p->veil(), nullptr);
  EXPECT_EQ(std::get<chat::Text>(p->veil()->chat.messages[0].parts[0]).text, "I am [EMAIL_1]");
  EXPECT_TRUE(p->veil()->chat.raw.empty());
  EXPECT_EQ(p->data().classes, std::set<DataClass>{"internal"});
  EXPECT_EQ(p->found(), std::set<DataClass>{"personal"});
  EXPECT_EQ(p->workers().size(), 4u);
  const auto more = Admit("I am ann@example.org, call +49 89 1234567");
  ASSERT_TRUE(more);
  EXPECT_EQ(more->data().classes, std::set<DataClass>{"personal"}) << "the phone is not hidden";
  EXPECT_EQ(more->workers().size(), 3u);
}

TEST_F(DataRulesTest, TheFirstRuleDecidesForAFindingAndTheStrictestForTheRequest) {
  options.data_rules = {{"mails-are-fine", {"personal"}, {"email"}, Act::kAllow, {}},
                        {"rest-not", {"personal"}, {}, Act::kBlock, {}}};
  EXPECT_TRUE(Admit("ann@example.org"));
  EXPECT_EQ(Admit("ann@example.org +49 89 1234567").error().reason, "data_blocked");
}

TEST_F(DataRulesTest, BeyondTheCountedFindingsEveryRuleOfTheClassCounts) {
  options.data_rules = {{"mails", {"personal"}, {"email"}, Act::kAllow, {}},
                        {"cards", {"personal"}, {"card"}, Act::kBlock, {}}};
  std::string many;
  for (int i = 0; i < 1200; ++i) many += "a" + std::to_string(i) + "@b.org ";
  EXPECT_EQ(Admit(many).error().reason, "data_blocked") << "a card may stand among those not counted";
}

TEST_F(DataRulesTest, RedactionOfEmbeddingsHidesEachText) {
  options.data_rules = {{"hide", {"personal"}, {}, Act::kRedact, {}}};
  chat::EmbedRequest e;
  e.texts = {"ann@example.org", "plain", "and ann@example.org"};
  e.raw = "{}";
  const auto p = Rails(options, classifier).Admit({}, {}, e, catalogue, TimePoint());
  ASSERT_TRUE(p);
  ASSERT_NE(p->veil(), nullptr);
  EXPECT_EQ(p->veil()->embed.texts, (std::vector<std::string>{"[EMAIL_1]", "plain", "and [EMAIL_1]"}));
  EXPECT_TRUE(p->veil()->embed.raw.empty());
}

TEST(Retention, IsReadAsWritten) {
  EXPECT_EQ(ParseRetention("none"), Duration::zero());
  EXPECT_EQ(ParseRetention("30d"), Duration(std::chrono::hours(720)));
  EXPECT_EQ(ParseRetention("unknown"), std::nullopt);
  EXPECT_EQ(ParseRetention("30"), std::nullopt);
  EXPECT_EQ(ParseRetention("-1d"), std::nullopt);
}

}  // namespace
}  // namespace baton::rails
