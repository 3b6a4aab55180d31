#include "rails/redact.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "rails/classifier.h"

namespace baton::rails {
namespace {

const Classifier& Scan() {
  static const auto c = Classifier::Build({}).value();
  return *c;
}
const auto kAll = [](const Span& s) { return s.data_class != "internal"; };

chat::Message Say(chat::Role role, std::string text) {
  chat::Message m;
  m.role = role;
  m.parts.push_back(chat::Text{std::move(text), {}});
  return m;
}
const std::string& TextOf(const chat::Request& r, std::size_t message) {
  return std::get<chat::Text>(r.messages[message].parts[0]).text;
}

TEST(Marks, HideAndRestoreGiveTheSameText) {
  const std::string text = "Write to ann@example.org and bob@example.org, again ann@example.org.";
  Marks marks;
  const std::string hidden = marks.Hide(text, Scan().ClassifyText(text));
  EXPECT_EQ(hidden, "Write to [EMAIL_1] and [EMAIL_2], again [EMAIL_1].");
  EXPECT_EQ(marks.Restore(hidden), text);
  EXPECT_EQ(marks.size(), 2u);
}

TEST(Marks, ThoseNobodyMadeStay) {
  const Marks marks;
  EXPECT_EQ(marks.Restore("[EMAIL_1] [x [[EMAIL_9]"), "[EMAIL_1] [x [[EMAIL_9]");
}

TEST(Marks, AnAnswerMayUseThemInAnyOrder) {
  Marks marks;
  const std::string text = "ann@example.org";
  (void)marks.Hide(text, Scan().ClassifyText(text));
  EXPECT_EQ(marks.Restore("Dear [EMAIL_1], [EMAIL_1]!"), "Dear ann@example.org, ann@example.org!");
}

TEST(Marks, BeyondTheLastKnownFindingNothingIsShown) {
  Classification found;
  found.truncated = true;
  Marks marks;
  EXPECT_EQ(marks.Hide("a secret somewhere", found), " [REST WITHHELD]");
}

TEST(Marks, HideInEveryTextThatCanBeChanged) {
  chat::Request r;
  r.raw = "{}";
  r.user = "ann@example.org";
  r.messages.push_back(Say(chat::Role::kUser, "I am ann@example.org"));
  chat::ToolCall call;
  call.arguments = R"({"to":"ann@example.org","n":12345,"card":4111111111111111})";
  r.messages.push_back({chat::Role::kAssistant, {call}, "", true, {}});
  chat::ToolResult result;
  result.content.push_back(chat::Text{"sent to bob@example.org", {}});
  chat::Media file;
  file.filename = "ann@example.org.txt";
  r.messages.push_back({chat::Role::kTool, {result, file}, "", true, {}});
  Marks marks;
  EXPECT_EQ(marks.HideIn(&r, Scan().Classify(r), kAll), 6);
  EXPECT_EQ(r.user, "[EMAIL_1]");
  EXPECT_EQ(TextOf(r, 0), "I am [EMAIL_1]");
  // A number in JSON becomes a string, not a syntax error.
  EXPECT_EQ(std::get<chat::ToolCall>(r.messages[1].parts[0]).arguments,
            R"({"to":"[EMAIL_1]","n":12345,"card":"[CARD_1]"})");
  const auto& shown = std::get<chat::ToolResult>(r.messages[2].parts[0]);
  EXPECT_EQ(std::get<chat::Text>(shown.content[0]).text, "sent to [EMAIL_2]");
  EXPECT_EQ(std::get<chat::Media>(r.messages[2].parts[1]).filename, "[EMAIL_3]");
  EXPECT_TRUE(r.raw.empty());
}

TEST(Marks, WhatCannotBeChangedStaysAndIsFoundAgain) {
  chat::Request r;
  chat::Reasoning thought;
  thought.text = "the user is ann@example.org";
  thought.signature = "c2ln";
  r.messages.push_back({chat::Role::kAssistant, {thought}, "", true, {}});
  Marks marks;
  EXPECT_EQ(marks.HideIn(&r, Scan().Classify(r), kAll), 0);
  EXPECT_TRUE(Scan().Classify(r).classes.contains("personal"));
}

TEST(Marks, OneThatTheTextAlreadyHoldsIsNotUsed) {
  chat::Request r;
  r.messages = {Say(chat::Role::kUser, "what does [EMAIL_1] mean? ask ann@example.org")};
  Marks marks;
  marks.HideIn(&r, Scan().Classify(r), kAll);
  EXPECT_EQ(TextOf(r, 0), "what does [EMAIL_1] mean? ask [EMAIL_2]");
  EXPECT_EQ(marks.Restore("[EMAIL_1] is a mark, [EMAIL_2] is who"),
            "[EMAIL_1] is a mark, ann@example.org is who");
}

TEST(Marks, ALaterTurnNumbersTheConversationTheSameWay) {
  chat::Request first, second;
  first.messages = {Say(chat::Role::kUser, "ann@example.org and bob@example.org")};
  second.messages = {first.messages[0], Say(chat::Role::kAssistant, "bob@example.org it is"),
                     Say(chat::Role::kUser, "and cy@example.org")};
  Marks a, b;
  a.HideIn(&first, Scan().Classify(first), kAll);
  b.HideIn(&second, Scan().Classify(second), kAll);
  EXPECT_EQ(TextOf(first, 0), TextOf(second, 0));
  EXPECT_EQ(TextOf(second, 1), "[EMAIL_2] it is");
  EXPECT_EQ(TextOf(second, 2), "and [EMAIL_3]");
}

TEST(Marks, AValueIsEscapedInsideJson) {
  Marks marks;
  Classification found;
  found.spans.push_back({"note", "personal", {0, 0, Field::kText, 0}, 0, 9});
  (void)marks.Hide("say \"hi\"\n", found);
  EXPECT_EQ(marks.Restore("{\"a\":\"[NOTE_1]\"}", true), "{\"a\":\"say \\\"hi\\\"\\u000a\"}");
}

TEST(Unmarker, AnyCutOfTheStreamGivesTheSameText) {
  Marks marks;
  const std::string text = "ann@example.org 4111 1111 1111 1111";
  (void)marks.Hide(text, Scan().ClassifyText(text));
  const std::string answer = "[[EMAIL_1], card [CARD_1]; [EMAIL_7] and [x] [EMAIL";
  const std::string want = marks.Restore(answer);
  Random random(7);
  for (int round = 0; round < 500; ++round) {
    Unmarker unmarker(marks);
    std::string got;
    for (std::size_t at = 0; at < answer.size();) {
      const std::size_t n = std::min<std::size_t>(answer.size() - at, 1 + random.Below(9));
      got += unmarker.Feed(std::string_view(answer).substr(at, n));
      at += n;
    }
    got += unmarker.Finish();
    ASSERT_EQ(got, want) << "round " << round;
  }
}

TEST(Unmarker, HoldsBackNoMoreThanAMark) {
  const Marks marks;
  Unmarker unmarker(marks);
  std::string got;
  for (int i = 0; i < 1000; ++i) got += unmarker.Feed("[A");
  EXPECT_GE(got.size() + Marks::kMaxMark, 2000u);
}

}  // namespace
}  // namespace baton::rails
