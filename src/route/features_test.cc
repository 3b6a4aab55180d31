#include "route/features.h"

#include <gtest/gtest.h>

#include "route/testing.h"
#include "route/tokens.h"

namespace baton::route {
namespace {

const rails::Catalogue& Any() {
  static const rails::Catalogue c{{MakeWorker("any")}};
  return c;
}

Features Of(const chat::Request& request) {
  return Compute(request, PermitFor(Any()).value());
}
Features Of(std::string text) {
  return Of(Ask(std::move(text)));
}

struct Said {
  const char* text;
  const char* want;
};

TEST(Features, TaskOfTypicalRequests) {
  const Said cases[] = {
      {"Write a Python function that reverses a linked list.", "code"},
      {"Why does this fail?\n```\nint main() { return x; }\n```", "code"},
      {"What is 17 * 23 + 4?", "maths"},
      {"A baker sells 12 loaves each day. How many does she sell in a week?", "maths"},
      {"Prove that $\\sqrt{2}$ is irrational.", "maths"},
      {"Extract all names and dates from the following text as JSON.", "extraction"},
      {"Summarize the article below in two sentences.", "summarisation"},
      {"Fasse den folgenden Text zusammen.", "summarisation"},
      {"Translate into French: good morning", "translation"},
      {"\xc3\x9c"
       "bersetze das bitte ins Englische: Guten Morgen",
       "translation"},
      {"I was charged twice and want a refund for my order", "support"},
      {"Write a short story about a dragon who likes tea", "creative"},
      {"Compare the pros and cons of nuclear energy", "analysis"},
      {"Hello, how are you?", "chat"},
      {"What is the capital of France?", "chat"},
      {"", "chat"},
  };
  for (const auto& c : cases) EXPECT_EQ(Of(c.text).task, c.want) << c.text;
}

TEST(Features, TheCallersOwnTaskWins) {
  rails::Controls controls;
  controls.task = "my-task";
  auto permit = PermitFor(Any(), {"internal"}, controls);
  EXPECT_EQ(Compute(Ask("Write a Python function"), *permit).task, "my-task");
}

TEST(Features, LanguageOfTheUsersWords) {
  const Said cases[] = {
      {"What is the weather like today?", "en"},
      {"Wie ist das Wetter heute und was soll ich anziehen?", "de"},
      {"Quelle est la capitale de l'Australie ?", "fr"},
      {"\xc2\xbf"
       "Cu\xc3\xa1l es la capital de Australia?",
       "es"},
      {"Qual \xc3\xa8 la capitale dell'Australia?", "it"},
      {"Qual \xc3\xa9 a capital da Austr\xc3\xa1lia?", "pt"},
      {"Wat is de hoofdstad van Australi\xc3\xab en hoe groot is het?", "nl"},
      {"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82, \xd0\xba\xd0\xb0\xd0\xba "
       "\xd0\xb4\xd0\xb5\xd0\xbb\xd0\xb0?",
       "ru"},
      {"\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c\xe5\x8c\x97\xe4\xba\xac\xe5\xa4\xa9\xe6\xb0\x94", "zh"},
      {"\xe4\xbb\x8a\xe6\x97\xa5\xe3\x81\xae\xe5\xa4\xa9\xe6\xb0\x97\xe3\x81\xaf", "ja"},
      {"\xec\x95\x88\xeb\x85\x95\xed\x95\x98\xec\x84\xb8\xec\x9a\x94", "ko"},
      {"\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7", "ar"},
      {"42", "und"},
      {"", "und"},
  };
  for (const auto& c : cases) EXPECT_EQ(Of(c.text).language, c.want) << c.text;
}

TEST(Features, DomainOfTypicalRequests) {
  const Said cases[] = {
      {"Is the landlord liable for negligence under this contract clause?", "legal"},
      {"The patient has a fever and hypertension; which antibiotic dosage is usual?", "medical"},
      {"How do dividends and interest rates move the stock price of a bank?", "financial"},
      {"What is the velocity of an electron in a magnetic field?", "science"},
      {"Write a SQL query with a join", "coding"},
      {"Who won the match?", "general"},
  };
  for (const auto& c : cases) EXPECT_EQ(Of(c.text).domain, c.want) << c.text;
}

TEST(Features, ComplexityLowMeansShortAndSimple) {
  EXPECT_EQ(Of("What is the capital of France?").complexity, "low");
  EXPECT_EQ(Of("Hi!").complexity, "low");
  EXPECT_EQ(
      Of("Design a distributed system architecture for payments, evaluate the trade-offs in depth and prove "
         "that it is free of deadlocks. Implement the algorithm in Rust.")
          .complexity,
      "high");
  auto asked = Ask("What is the capital of France?");
  asked.reasoning.effort = "high";
  EXPECT_NE(Of(asked).complexity, "low");
}

TEST(Features, CodeAndTestsAreSeenInTheirForms) {
  EXPECT_FALSE(Of("Write a function that adds two numbers").has_code);
  auto with_tests = Of("Write a function.\ndef add(a, b):\n    return a + b\nassert add(1, 2) == 3");
  EXPECT_TRUE(with_tests.has_code);
  EXPECT_TRUE(with_tests.has_tests);
  EXPECT_TRUE(Of("```\nfoo\n```").has_code);
  EXPECT_FALSE(Of("I took a test yesterday; from that I learned to import cheese.").has_code);
  EXPECT_FALSE(Of("I took a test yesterday").has_tests);
}

TEST(Features, FlagsComeFromTheRequestItself) {
  auto r = Ask("look");
  r.stream = true;
  r.tools.resize(1);
  r.max_tokens = 77;
  r.reasoning.effort = "low";
  chat::Media image;
  r.messages[0].parts.push_back(image);
  auto f = Of(r);
  EXPECT_TRUE(f.stream && f.has_tools && f.has_images && f.reasoning_asked);
  EXPECT_FALSE(f.has_audio || f.has_files);
  EXPECT_EQ(f.max_tokens, 77);
  EXPECT_EQ(f.turns, 1);
  EXPECT_GT(f.input_tokens, 1000);  // the image
}

TEST(Features, FormatAskedForByFieldOrInWords) {
  auto r = Ask("x");
  EXPECT_EQ(Of(r).format, "text");
  r.response_format.kind = chat::ResponseFormat::Kind::kJsonObject;
  EXPECT_EQ(Of(r).format, "json");
  r.response_format.kind = chat::ResponseFormat::Kind::kJsonSchema;
  EXPECT_EQ(Of(r).format, "json_schema");
  EXPECT_EQ(Of("Give me the list as JSON please").format, "json");
}

TEST(Features, DataAndDeadlineComeFromThePermit) {
  rails::Controls controls;
  controls.deadline = std::chrono::milliseconds(1500);
  rails::Catalogue c{{MakeWorker("w", -1, {"personal"})}};
  auto permit = PermitFor(c, {"personal"}, controls);
  auto f = Compute(Ask("x"), *permit);
  EXPECT_EQ(f.latency_budget_ms, 1500);
  EXPECT_EQ(f.data, std::set<std::string>{"personal"});
}

TEST(Features, LongTextsAreReadAtBothEndsOnly) {
  std::string filler(200000, '.');
  EXPECT_EQ(Of("Summarize this: " + filler).task, "summarisation");
  EXPECT_EQ(Of(filler + " Translate this into German.").task, "translation");
  EXPECT_EQ(Of(filler).input_chars, 200000);
}

TEST(Features, WhatALongTextOpensWithIsNotDrownedByTheRest) {
  std::string report;
  while (report.size() < 6000)
    report += "The team moved some orders and agreed that the next step needs people. ";
  EXPECT_EQ(Of("Summarise this in one sentence.\n\n" + report).task, "summarisation");
  EXPECT_EQ(Of(report).task, "chat");
}

TEST(Features, TheSameRequestGivesTheSameFeatures) {
  EXPECT_EQ(ToJson(Of("How many days has a year?")), ToJson(Of("How many days has a year?")));
}

TEST(Features, JsonEscapesWhatCallersSay) {
  Features f;
  f.task = "a\"b\\c\n";
  EXPECT_NE(ToJson(f).find(R"("task":"a\"b\\c\u000a")"), std::string::npos) << ToJson(f);
}

TEST(Features, BrokenUtf8DoesNoHarm) {
  for (const char* s : {"\xff\xfe", "\xe2\x80", "\xf0\x9f", "\xc3", "abc\xe4\xbd"})
    EXPECT_EQ(Of(s).turns, 1) << s;
}

TEST(Tokens, EstimatesLieNearWhatVocabulariesGive) {
  EXPECT_EQ(EstimateTokens(""), 0);
  // 9 tokens in common vocabularies.
  auto n = EstimateTokens("The quick brown fox jumps over the lazy dog");
  EXPECT_GE(n, 9);
  EXPECT_LE(n, 12);
  EXPECT_GE(EstimateTokens("1234567890"), 4);
  EXPECT_GE(EstimateTokens("\xe4\xbd\xa0\xe5\xa5\xbd"), 2);
  EXPECT_LT(EstimateTokens(std::string(1000, ' ')), 120);
}

TEST(Features, EveryListedValueOfTaskIsKnown) {
  EXPECT_EQ(KnownValues("task").size(), 11u);
  EXPECT_TRUE(KnownValues("language").empty());
}

TEST(Vector, ComesBackToTheBit) {
  std::vector<float> vector;
  for (int i = 0; i < 232; ++i) vector.push_back(static_cast<float>(i - 100) / 7.3F);
  for (const std::size_t n : {1U, 2U, 3U, 232U}) {
    const std::span<const float> some(vector.data(), n);
    const std::string json = WithVector(R"({"task":"code"})", some);
    const auto from = json.find("\"vector\":\"") + 10;
    const auto back = VectorFromText(std::string_view(json).substr(from, json.rfind('"') - from));
    ASSERT_TRUE(back) << n;
    EXPECT_TRUE(std::equal(some.begin(), some.end(), back->begin(), back->end())) << n;
  }
  EXPECT_EQ(WithVector("{}", {}), "{}");
  for (const char* bad : {"", "A", "AAAA", "AAAAA", "!!!!", "AAAA/w=="})
    EXPECT_FALSE(VectorFromText(bad)) << bad;
}

}  // namespace
}  // namespace baton::route
