#include "mock/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mock/arithmetic.h"
#include "mock/checks.h"
#include "mock/play.h"
#include "mock/schema_fill.h"
#include "mock/text.h"

namespace baton::mock {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

chat::Request Ask(std::string text) {
  chat::Request r;
  r.model = "m";
  chat::Message m;
  m.parts.emplace_back(chat::Text{std::move(text), {}});
  r.messages.push_back(std::move(m));
  return r;
}

chat::Tool WeatherTool() {
  chat::Tool t;
  t.name = "get_weather";
  t.description = "Get the current weather of a city";
  t.parameters.text =
      R"({"type":"object","properties":{"city":{"type":"string"},"unit":{"type":"string","enum":["celsius","fahrenheit"]}},"required":["city"]})";
  return t;
}

std::string Answer(const std::string& text) {
  auto reply = BuiltInAnswer(Ask(text));
  return reply ? reply->text : reply.error().message;
}

std::string Sum(std::string_view text) {
  const auto sum = WorkOut(text);
  return sum ? sum->result : "none";
}

TEST(Arithmetic, WordsAndSignsMeanTheSame) {
  EXPECT_EQ(Sum("What is 17 * 23?"), "391");
  EXPECT_EQ(Sum("what is 12 plus 30"), "42");
  EXPECT_EQ(Sum("Combien font 12 fois 7 ?"), "84");
  EXPECT_EQ(Sum("15% of 80"), "12");
  EXPECT_EQ(Sum("square root of 144"), "12");
  EXPECT_EQ(Sum("(3 + 4) x 2 - 1"), "13");
  EXPECT_EQ(Sum("1,234 + 1"), "1235");
  EXPECT_EQ(Sum("10 / 4"), "2.5");
  EXPECT_EQ(Sum("2 ^ 3 ^ 2"), "512");
}

TEST(Arithmetic, WhatIsNoSumIsLeftAlone) {
  EXPECT_EQ(Sum("I have 3 cats"), "none");
  EXPECT_EQ(Sum("on 2026-11-04"), "none");
  EXPECT_EQ(Sum("1 / 0"), "none");
  EXPECT_EQ(Sum(std::string(3000, '(') + "1+1"), "2");
  EXPECT_EQ(Sum(""), "none");
}

TEST(BuiltIn, FactsAreTrueInBothLanguages) {
  EXPECT_EQ(Answer("What is the capital of France?"), "[simulated] The capital of France is Paris.");
  EXPECT_EQ(Answer("Quelle est la capitale du Japon ?"), "[simulated] La capitale du Japon est Tokyo.");
  EXPECT_EQ(Answer("Quelle est la capitale de l'Italie ?"), "[simulated] La capitale de l'Italie est Rome.");
}

TEST(BuiltIn, CodeComesInAFencedBlock) {
  EXPECT_THAT(Answer("Write a Python function for fibonacci"), HasSubstr("```python\ndef fibonacci"));
  EXPECT_THAT(Answer("reverse a string, javascript code"), HasSubstr("```javascript\nfunction reverse"));
}

TEST(BuiltIn, AnythingElseIsEchoedAndLabelled) {
  EXPECT_EQ(Answer("zorp blub"), "[simulated] You said: zorp blub");
  EXPECT_THAT(Answer(""), StartsWith("[simulated]"));
}

TEST(BuiltIn, AToolThatFitsIsCalledWithTheCity) {
  auto r = Ask("What is the weather in Paris?");
  r.tools.push_back(WeatherTool());
  const auto reply = BuiltInAnswer(r);
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->tool_calls.size(), 1u);
  EXPECT_EQ(reply->tool_calls[0].name, "get_weather");
  EXPECT_EQ(reply->tool_calls[0].arguments, R"({"city":"Paris","unit":"celsius"})");
  EXPECT_EQ(reply->text, "");
}

TEST(BuiltIn, TwoCitiesAreTwoCallsUnlessParallelCallsAreOff) {
  auto r = Ask("What's the weather in Paris and in New York?");
  r.tools.push_back(WeatherTool());
  auto reply = BuiltInAnswer(r);
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->tool_calls.size(), 2u);
  EXPECT_THAT(reply->tool_calls[1].arguments, HasSubstr("New York"));
  EXPECT_NE(reply->tool_calls[0].id, reply->tool_calls[1].id);
  r.parallel_tool_calls = false;
  reply = BuiltInAnswer(r);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->tool_calls.size(), 1u);
}

TEST(BuiltIn, AToolThatDoesNotFitIsNotCalledUnlessRequired) {
  auto r = Ask("Tell me a joke");
  r.tools.push_back(WeatherTool());
  EXPECT_TRUE(BuiltInAnswer(r)->tool_calls.empty());
  r.tool_choice.kind = chat::ToolChoice::Kind::kRequired;
  EXPECT_EQ(BuiltInAnswer(r)->tool_calls.size(), 1u);
  r.tool_choice.kind = chat::ToolChoice::Kind::kNone;
  EXPECT_TRUE(BuiltInAnswer(r)->tool_calls.empty());
}

chat::Request WithResult(const std::string& call_id) {
  auto r = Ask("What is the weather in Paris?");
  r.tools.push_back(WeatherTool());
  chat::Message call;
  call.role = chat::Role::kAssistant;
  call.parts.emplace_back(chat::ToolCall{"c1", "get_weather", "{}", false, "", {}});
  r.messages.push_back(call);
  chat::ToolResult result;
  result.call_id = call_id;
  result.content.emplace_back(chat::Text{"18 degrees", {}});
  chat::Message tool;
  tool.role = chat::Role::kTool;
  tool.parts.emplace_back(result);
  r.messages.push_back(tool);
  return r;
}

TEST(BuiltIn, ToolResultsAreUsedAndNotAskedForAgain) {
  const auto reply = BuiltInAnswer(WithResult("c1"));
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->tool_calls.empty());
  EXPECT_EQ(reply->text, "[simulated] get_weather says: 18 degrees");
}

TEST(Checks, AResultWithoutItsCallIsRefused) {
  EXPECT_TRUE(CheckConversation(WithResult("c1")));
  const auto refused = CheckConversation(WithResult("other"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().param, "messages[2]");
}

TEST(Checks, AChangedReasoningTextNoLongerMatchesItsSignature) {
  auto r = Ask("why");
  chat::Reasoning reasoning;
  reasoning.text = "because";
  reasoning.signature = Signature("because");
  chat::Message m;
  m.role = chat::Role::kAssistant;
  m.parts.emplace_back(reasoning);
  r.messages.push_back(m);
  EXPECT_TRUE(CheckConversation(r));
  std::get<chat::Reasoning>(r.messages[1].parts[0]).text = "becausE";
  EXPECT_FALSE(CheckConversation(r));
}

nlohmann::json Filled(std::string_view schema, std::string_view text) {
  const auto filled = FillSchema(schema, text);
  return filled ? nlohmann::json::parse(*filled) : nlohmann::json("error");
}

TEST(Schema, FieldsAreFilledFromTheTextWhereItSaysThem) {
  const auto v = Filled(
      R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"email":{"type":"string"}}})",
      "Extract: Alice Martin is 34 years old, mail alice@example.org.");
  EXPECT_EQ(v["name"], "Alice Martin");
  EXPECT_EQ(v["age"], 34);
  EXPECT_EQ(v["email"], "alice@example.org");
}

TEST(Schema, ListsHoldOneItemPerName) {
  const auto v = Filled(
      R"({"type":"object","properties":{"people":{"type":"array","items":{"$ref":"#/$defs/P"}}},
          "$defs":{"P":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"number"}}}}})",
      "Alice (34) and Bob (29)");
  ASSERT_EQ(v["people"].size(), 2u);
  EXPECT_EQ(v["people"][1]["name"], "Bob");
  EXPECT_EQ(v["people"][1]["age"], 29);
}

TEST(Schema, BoundsAndChoicesAreKept) {
  const auto v = Filled(
      R"({"type":"object","properties":{"n":{"type":"integer","minimum":5,"maximum":9},"e":{"enum":["a","b"]},
          "c":{"const":7},"u":{"anyOf":[{"type":"null"},{"type":"boolean"}]},"l":{"type":"array","items":{"type":"integer"},"minItems":3},
          "s":{"type":["null","string"],"maxLength":4}}})",
      "b zzzzzzzz");
  EXPECT_EQ(v["n"], 5);
  EXPECT_EQ(v["e"], "b");
  EXPECT_EQ(v["c"], 7);
  EXPECT_TRUE(v["u"].is_boolean());
  EXPECT_EQ(v["l"].size(), 3u);
  EXPECT_LE(v["s"].get<std::string>().size(), 4u);
}

TEST(Schema, ATreeWithoutEndStaysSmall) {
  const auto filled = FillSchema(
      R"({"type":"object","properties":{"a":{"$ref":"#"},"kids":{"type":"array","items":{"$ref":"#"}}},"required":["kids"]})",
      "Alice Bob, Carol, Dave, Eve, Frank, Grace, Heidi, Ivan, Judy");
  ASSERT_TRUE(filled);
  EXPECT_LT(filled->size(), 1'000'000u);
}

TEST(Schema, WhatIsNoSchemaIsSaidSo) {
  EXPECT_FALSE(FillSchema("[1]", "x"));
  EXPECT_FALSE(FillSchema("{", "x"));
  EXPECT_FALSE(FillSchema(R"({"type":"string","minLength":"x"})", "x"));
  EXPECT_EQ(*FillSchema("", "x"), "{}");
}

TEST(Play, MaxTokensCutsTheTextAndSaysLength) {
  auto r = Ask("x");
  r.max_tokens = 3;
  Reply reply;
  reply.text = "one two three four";
  const auto response = Play(reply, r, chat::Dialect::kOpenAi);
  EXPECT_EQ(std::get<chat::Text>(response.choices[0].message.parts[0]).text, "one two three");
  EXPECT_EQ(response.choices[0].finish, chat::Finish::kLength);
  EXPECT_EQ(response.usage.output, 3);
}

TEST(Play, StopStringsEndTheText) {
  auto r = Ask("x");
  r.stop = {"three"};
  Reply reply;
  reply.text = "one two three four";
  const auto response = Play(reply, r, chat::Dialect::kOpenAi);
  EXPECT_EQ(std::get<chat::Text>(response.choices[0].message.parts[0]).text, "one two ");
  EXPECT_EQ(response.choices[0].finish, chat::Finish::kStop);
}

TEST(Play, AStreamSaysWhatTheWholeAnswerSays) {
  auto r = Ask("x");
  r.n = 2;
  Reply reply;
  reply.reasoning = "let me see";
  reply.signature = "sig";
  reply.text = "déjà vu — encore une fois";
  reply.tool_calls = {{"", "f", R"({"é":"ü–ü–ü–ü"})", false, "", {}}};
  const auto response = Play(reply, r, chat::Dialect::kOpenAi);
  std::string text, arguments;
  int finishes = 0;
  for (const auto& e : Stream(response, 0)) {
    if (e.kind == chat::Event::Kind::kText && e.choice == 1) text += e.text;
    if (e.kind == chat::Event::Kind::kToolArguments && e.choice == 1) arguments += e.text;
    finishes += e.kind == chat::Event::Kind::kFinish;
  }
  EXPECT_EQ(text, reply.text);
  EXPECT_EQ(arguments, reply.tool_calls[0].arguments);
  EXPECT_EQ(finishes, 2);
}

TEST(Embedding, IsAUnitVectorAndSharedWordsBringTextsCloser) {
  const auto a = EmbedText("the cat sat on the mat", 64);
  const auto b = EmbedText("the cat sat on the rug", 64);
  const auto c = EmbedText("quarterly revenue grew", 64);
  const auto dot = [](const auto& x, const auto& y) {
    double s = 0;
    for (std::size_t i = 0; i < x.size(); ++i) s += static_cast<double>(x[i]) * y[i];
    return s;
  };
  EXPECT_NEAR(dot(a, a), 1.0, 1e-5);
  EXPECT_GT(dot(a, b), dot(a, c) + 0.3);
  EXPECT_EQ(EmbedText("", 8).size(), 8u);
}

TEST(Text, PiecesJoinedAreTheText) {
  const std::string text = "  a b\n\nç   d ";
  std::string joined;
  for (const auto p : Pieces(text)) joined += p;
  EXPECT_EQ(joined, text);
}

}  // namespace
}  // namespace baton::mock
