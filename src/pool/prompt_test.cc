#include "pool/prompt.h"

#include <gtest/gtest.h>

namespace baton::pool {
namespace {

chat::Message Say(chat::Role role, std::string text) {
  chat::Message m;
  m.role = role;
  m.parts.emplace_back(chat::Text{std::move(text), {}});
  return m;
}

chat::Request Asked() {
  chat::Request r;
  r.raw = "{}";
  r.messages = {Say(chat::Role::kSystem, "Be short."), Say(chat::Role::kUser, "Why?"),
                Say(chat::Role::kAssistant, "Because."), Say(chat::Role::kUser, "And then?")};
  return r;
}

// "role: text" of every message.
std::vector<std::string> Lines(const chat::Request& r) {
  static constexpr const char* kNames[] = {"system", "developer", "user", "assistant", "tool"};
  std::vector<std::string> lines;
  for (const auto& m : r.messages)
    lines.push_back(std::string(kNames[static_cast<int>(m.role)]) + ": " +
                    std::get<chat::Text>(m.parts.front()).text);
  return lines;
}

TEST(Prompt, WithoutRulesOnlyTheClientsBytesAreNoLongerThere) {
  const auto r = Translate({}, Asked());
  EXPECT_EQ(r.messages, Asked().messages);
  EXPECT_TRUE(r.raw.empty());
  EXPECT_FALSE(PromptRules{}.any());
}

TEST(Prompt, InstructionsGoWhereTheWorkerReadsThem) {
  PromptRules rules;
  rules.system = PromptRules::System::kDeveloper;
  EXPECT_EQ(Lines(Translate(rules, Asked())).front(), "developer: Be short.");
  rules.system = PromptRules::System::kUser;
  const auto lines = Lines(Translate(rules, Asked()));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines.front(), "user: Be short.\n\nWhy?");
}

TEST(Prompt, WordsAreAddedToInstructionsOrMakeThem) {
  PromptRules rules;
  rules.before = "You are careful.";
  rules.after = "End with a dot.";
  EXPECT_EQ(Lines(Translate(rules, Asked())).front(),
            "system: You are careful.\n\nBe short.\nEnd with a dot.");
  auto bare = Asked();
  bare.messages.erase(bare.messages.begin());
  EXPECT_EQ(Lines(Translate(rules, bare)).front(), "system: You are careful.\n\nEnd with a dot.");
}

TEST(Prompt, ReasoningIsSwitchedInTheWorkersWords) {
  PromptRules rules;
  rules.reasoning_on = "/think";
  rules.reasoning_off = "/no_think";
  auto r = Asked();
  EXPECT_EQ(Lines(Translate(rules, r)).back(), "user: And then?") << "nobody said";
  r.reasoning.effort = "high";
  EXPECT_EQ(Lines(Translate(rules, r)).back(), "user: And then?\n/think");
  r.reasoning.effort = "none";
  EXPECT_EQ(Lines(Translate(rules, r)).back(), "user: And then?\n/no_think");
}

TEST(Prompt, AFormIsAskedForInTheWorkersWordsAndOnlyWhenItIsAskedFor) {
  PromptRules rules;
  rules.json = "Answer in JSON that fits {schema}.";
  EXPECT_EQ(Lines(Translate(rules, Asked())).front(), "system: Be short.");
  auto r = Asked();
  r.response_format.kind = chat::ResponseFormat::Kind::kJsonSchema;
  r.response_format.schema.text = R"({"type":"object"})";
  EXPECT_EQ(Lines(Translate(rules, r)).front(),
            "system: Be short.\nAnswer in JSON that fits {\"type\":\"object\"}.");
}

}  // namespace
}  // namespace baton::pool
