// Tool workers and the human queue in the configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace baton::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Env FakeEnv() {
  Env env;
  env.get = [](const std::string& name) -> std::optional<std::string> {
    if (name == "PATH") return "/usr/bin:/bin";
    if (name == "SPACED") return "a value with spaces";
    if (name == "TOKEN") return "t-1";
    return std::nullopt;
  };
  env.read_file = [](const std::string&) -> Result<std::string> { return std::string("from a file\n"); };
  return env;
}

constexpr std::string_view kOther =
    "  - {name: smol, dialect: local, path: m.gguf, price: {input: 0, output: 0}}\n";

Result<Config> ParseText(const std::string& text) {
  return Parse(text, "dir/c.yaml", FakeEnv());
}
std::string Wrong(const std::string& worker) {
  auto c = ParseText("workers:\n" + std::string(kOther) + worker);
  return c ? "accepted" : c.error().message;
}

TEST(ToolConfig, AProgramWithItsEnvironmentAndItsTools) {
  auto c = ParseText("workers:\n" + std::string(kOther) + R"(
  - name: files
    dialect: tool
    command: [./bin/server, --root, /srv]
    env: {PATH: env:PATH, WORDS: env:SPACED, KEY: file:k}
    tools: [read, list]
    price: {call: 0.001}
    timeouts: {whole: 30s}
)");
  ASSERT_TRUE(c) << c.error().message;
  const pool::Worker& w = *c->workers.at(1);
  EXPECT_EQ(w.dialect, "tool");
  EXPECT_THAT(w.command, ElementsAre("dir/bin/server", "--root", "/srv"));
  ASSERT_EQ(w.environment.size(), 3u);
  EXPECT_EQ(w.environment[0].first, "PATH");
  EXPECT_EQ(w.environment[1].second.Reveal(), "a value with spaces");
  EXPECT_EQ(w.environment[2].second.Reveal(), "from a file");
  EXPECT_THAT(w.tools, ElementsAre("read", "list"));
  EXPECT_FALSE(w.target.can.chat);
  EXPECT_TRUE(w.priced);
  EXPECT_EQ(w.prices.At(0)->call->v, 1'000'000);
  EXPECT_EQ(w.prices.At(0)->input.v, 0);
}

TEST(ToolConfig, AServerBehindAnAddress) {
  auto c =
      ParseText("workers:\n" + std::string(kOther) +
                "  - {name: far, dialect: tool, base_url: https://tools.example.com/mcp, key: env:TOKEN}\n");
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_TRUE(c->workers.at(1)->command.empty());
  EXPECT_EQ(c->workers.at(1)->key.Reveal(), "t-1");
}

TEST(ToolConfig, EveryMistakeHasASentence) {
  const std::pair<const char*, const char*> kCases[] = {
      {"  - {name: t, dialect: tool}\n", "needs either a 'command'"},
      {"  - {name: t, dialect: tool, command: [x], base_url: https://a.example.com}\n",
       "needs either a 'command'"},
      {"  - {name: t, dialect: tool, command: []}\n", "'command' is a list"},
      {"  - {name: t, dialect: tool, command: [x], key: env:TOKEN}\n", "gets its key by 'env'"},
      {"  - {name: t, dialect: tool, base_url: https://a.example.com, env: {A: env:PATH}}\n",
       "'env' is for a 'command'"},
      {"  - {name: t, dialect: tool, command: [x], env: {A: secret}}\n", "write env:NAME or file:PATH"},
      {"  - {name: t, dialect: tool, command: [x], env: {A: env:UNSET}}\n", "variable UNSET is not set"},
      {"  - {name: t, dialect: tool, command: [x], env: {A=B: env:PATH}}\n",
       "no name of an environment variable"},
      {"  - {name: t, dialect: tool, command: [x], env: [PATH]}\n", "env must be a map"},
      {"  - {name: t, dialect: tool, command: [x], env: {A: [b]}}\n", "must be env:NAME or file:PATH"},
      {"  - {name: t, dialect: tool, command: [x], hedge_after: 1s}\n",
       "'hedge_after' means nothing to a tool worker"},
      {"  - {name: t, dialect: tool, command: [x], price: {input: 1}}\n", "price needs a 'output'"},
      {"  - {name: t, dialect: openai, base_url: https://a.example.com, model: m, tools: [x]}\n",
       "'tools' is for workers of dialect tool"},
      {"  - {name: t, dialect: openai, base_url: https://a.example.com, model: m, price: {call: 1}}\n",
       "price needs a 'input'"},
  };
  for (const auto& [text, sentence] : kCases) EXPECT_THAT(Wrong(text), HasSubstr(sentence)) << text;
}

TEST(ExactConfig, WhatItComputesAndWhereItLooks) {
  auto c =
      ParseText("workers:\n  - {name: sums, dialect: exact, model: calculator, price: {call: 0.000001}}\n" +
                std::string(kOther));
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->workers[0]->target.model, "calculator");
  EXPECT_FALSE(c->workers[0]->target.can.tools);
  const std::pair<const char*, const char*> kCases[] = {
      {"  - {name: t, dialect: exact}\n", "calculator, sql, python or search"},
      {"  - {name: t, dialect: exact, model: chess}\n", "calculator, sql, python or search"},
      {"  - {name: t, dialect: exact, model: sql}\n", "needs a 'path': a folder of *.csv tables"},
      {"  - {name: t, dialect: exact, model: python, base_url: https://a.example.com}\n",
       "'base_url' means nothing to an exact worker"},
  };
  for (const auto& [text, sentence] : kCases) EXPECT_THAT(Wrong(text), HasSubstr(sentence)) << text;
}

TEST(CoordinatorConfig, NeedsItsFileAndItsReader) {
  const std::string workers = "workers:\n" + std::string(kOther);
  const auto flow = [&](const char* text) { return ParseText(workers + "workflows:\n  - " + text + "\n"); };
  EXPECT_THAT(flow("{name: c, kind: coordinator}").error().message,
              HasSubstr("needs a 'file' and a 'reader'"));
  EXPECT_THAT(flow("{name: c, kind: coordinator, file: a.json, reader: nobody}").error().message,
              HasSubstr("names the worker 'nobody'"));
}

TEST(HumanConfig, RulesOfTheQueueAndTheirDefaults) {
  auto plain = ParseText("workers:\n" + std::string(kOther));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->human.max_waiting, 1000);
  EXPECT_EQ(plain->human.on_client_gone, human::OnClientGone::kCancel);
  auto c = ParseText(
      "human: {max_waiting: 5, wait: 2m, expire: 3h, retention: 7d, on_client_gone: keep}\n"
      "fallback: {on_policy_violation: human_review}\nworkers:\n" +
      std::string(kOther));
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c->human.max_waiting, 5);
  EXPECT_EQ(c->human.wait, std::chrono::minutes(2));
  EXPECT_EQ(c->human.expire, std::chrono::hours(3));
  EXPECT_EQ(c->human.retention, std::chrono::hours(7 * 24));
  EXPECT_EQ(c->human.on_client_gone, human::OnClientGone::kKeep);
  EXPECT_EQ(c->routes.fallback.on_policy_violation, "human_review");
  for (const auto& w : c->warnings) EXPECT_THAT(w, ::testing::Not(HasSubstr("human_review")));
}

}  // namespace
}  // namespace baton::config
