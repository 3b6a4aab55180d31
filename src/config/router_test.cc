#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace baton::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Result<Config> Read(const std::string& more) {
  Env env;
  env.get = [](const std::string&) { return std::optional<std::string>("key"); };
  env.read_file = [](const std::string&) -> Result<std::string> { return Fail(Code::kNotFound, "no file"); };
  return Parse(R"(
workers:
  - {name: a, dialect: openai, base_url: "https://api.example.com/v1", model: m, key: "env:K", price: {input: 1, output: 1}}
routes: [{name: rest, use: {policy: learned, baseline: a}}]
)" + more,
               "dir/baton.yaml", env);
}

std::string Warnings(const Config& c) {
  std::string all;
  for (const auto& w : c.warnings) all += w + "\n";
  return all;
}

TEST(RouterConfig, PathsAreRelativeToTheFileAndSettingsAreRead) {
  auto c = Read(
      "router: {model: router.bin, table: /opt/t.table, value_usd: 0.5, caution: 1, waiting_usd_per_s: "
      "0.01}");
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->router.model, "dir/router.bin");
  EXPECT_EQ(c->router.table, "/opt/t.table");
  EXPECT_TRUE(c->router.table_named);
  EXPECT_EQ(c->router.settings.value_usd, 0.5);
  EXPECT_EQ(c->router.settings.caution, 1);
  EXPECT_EQ(c->router.settings.waiting_usd_per_s, 0.01);
  EXPECT_THAT(Warnings(*c), Not(HasSubstr("no learned policy")));
}

TEST(RouterConfig, WithoutARouterALearnedRuleIsWarnedAbout) {
  auto c = Read("");
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_THAT(c->router.model, IsEmpty());
  EXPECT_EQ(c->router.table, "dir/models/minilm-static.table");
  EXPECT_FALSE(c->router.table_named);
  EXPECT_THAT(Warnings(*c), HasSubstr("no learned policy is installed"));
}

TEST(RouterConfig, WhatCannotBeIsRefused) {
  EXPECT_THAT(Read("router: {modle: x}").error().message, HasSubstr("did you mean 'model'"));
  EXPECT_FALSE(Read("router: {value_usd: -1}"));
  EXPECT_FALSE(Read("router: {caution: many}"));
}

TEST(LearningConfig, IsOffUnlessWritten) {
  auto c = Read("");
  ASSERT_TRUE(c);
  EXPECT_FALSE(c->learning.adapt || c->learning.explore);
  EXPECT_TRUE(c->learning.vector_classes.empty());
  EXPECT_EQ(c->learning.upgrade_share, 1);
}

TEST(LearningConfig, SaysWhatMayBeTriedAndAtWhatPrice) {
  auto c = Read(
      "learning: {adapt: true, explore: true, explore_usd_per_day: 0.5, explore_share: 0.05, single: a, "
      "opt_out_tenants: [x], opt_out_classes: personal, record_vectors: [public, internal], seed: 7}");
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_TRUE(c->learning.adapt && c->learning.explore);
  EXPECT_EQ(c->learning.explore_usd_per_day.v, 500'000'000);
  EXPECT_EQ(c->learning.explore_share, 0.05);
  EXPECT_EQ(c->learning.opt_out_classes, std::set<std::string>{"personal"});
  EXPECT_EQ(c->learning.vector_classes.size(), 2U);
  EXPECT_EQ(c->learning.seed, 7U);
  EXPECT_THAT(Read("learning: {single: b}").error().message, HasSubstr("'b'"));
  EXPECT_THAT(Read("learning: {record_vectors: [persnal]}").error().message,
              HasSubstr("did you mean 'personal'"));
  EXPECT_THAT(Read("learning: {explore_shar: 1}").error().message, HasSubstr("did you mean 'explore_share'"));
}

Result<Config> ReadRule(const std::string& use, const std::string& more = "") {
  Env env;
  env.get = [](const std::string&) { return std::optional<std::string>("key"); };
  env.read_file = [](const std::string&) -> Result<std::string> { return Fail(Code::kNotFound, "no file"); };
  return Parse(
      "workers:\n  - {name: a, dialect: openai, base_url: \"https://api.example.com/v1\", model: m, "
      "key: \"env:K\", price: {input: 1, output: 1}}\nroutes: [{name: r, use: {" +
          use + "}}]\n" + more,
      "dir/baton.yaml", env);
}

TEST(EvidenceConfig, ARuleIsDecidedByTheModelThatIsGiven) {
  auto c = ReadRule("policy: evidence", "router: {evidence: m.evidence}");
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->routes.rules.front().policy, "evidence");
  EXPECT_EQ(c->routes.rules.front().workflow, "evidence");
  EXPECT_EQ(c->library->Find("evidence")->file, "dir/m.evidence");
  EXPECT_TRUE(ReadRule("policy: evidence, workers: [a]", "router: {evidence: m.evidence}"));
}

TEST(EvidenceConfig, OrByTheWorkflowThatIsNamed) {
  const std::string two =
      "workflows: [{name: x, kind: evidence, file: x.e}, {name: y, kind: evidence, file: y.e}]";
  EXPECT_THAT(ReadRule("policy: evidence", two).error().message, HasSubstr("name one"));
  auto c = ReadRule("policy: evidence, workflow: y", two);
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->routes.rules.front().workflow, "y");
  EXPECT_THAT(ReadRule("policy: evidence, workflow: poll", two).error().message,
              HasSubstr("of kind evidence"));
}

TEST(EvidenceConfig, WithoutAModelItIsNoRule) {
  EXPECT_THAT(ReadRule("policy: evidence").error().message, HasSubstr("router: {evidence: FILE}"));
  EXPECT_FALSE(ReadRule("policy: evidence, baseline: a", "router: {evidence: m.evidence}"));
}

}  // namespace
}  // namespace baton::config
