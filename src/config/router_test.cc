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

}  // namespace
}  // namespace baton::config
