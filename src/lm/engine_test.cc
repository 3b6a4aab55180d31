#include "lm/engine.h"

#include <nlohmann/json.hpp>

#include "lm/engine_test_util.h"

namespace baton::lm {
namespace {

constexpr const char* kSmol = "smollm2-135m-instruct";

TEST(Engine, AnswersAndCountsItsTokens) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  Generated g;
  auto run = Finish(*engine, Ask("What is the capital of France?", 12), &g);
  EXPECT_NE(run->Text().find("France"), std::string::npos) << run->Text();
  auto rendered = engine->Render(Ask("What is the capital of France?").chat);
  ASSERT_TRUE(rendered);
  EXPECT_EQ(g.usage.input, rendered->tokens);
  EXPECT_GT(g.usage.output, 2);
  EXPECT_LE(g.usage.output, 12);
  EXPECT_TRUE(g.usage.known);
  ASSERT_FALSE(run->events.empty());
  EXPECT_EQ(run->events.front().kind, chat::Event::Kind::kStart);
  EXPECT_EQ(run->events.back().kind, chat::Event::Kind::kUsage);
}

TEST(Engine, GreedyAnswersRepeatWordForWord) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  const std::string first = Finish(*engine, Ask("Tell me about the sea.", 24))->Text();
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(first, Finish(*engine, Ask("Tell me about the sea.", 24))->Text());
}

TEST(Engine, ASeedRepeatsADrawAndAnotherSeedDoesNot) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  auto drawn = [&](std::int64_t seed) {
    GenerateRequest r = Ask("Write a line about a dragon.", 24);
    r.chat.temperature = 1.0;
    r.chat.seed = seed;
    return Finish(*engine, r)->Text();
  };
  const std::string one = drawn(1);
  EXPECT_EQ(one, drawn(1));
  EXPECT_NE(one, drawn(2));
}

TEST(Engine, StopStringsNeverShowAndEndTheAnswer) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  const std::string whole = Finish(*engine, Ask("Count from one to five in words.", 32))->Text();
  ASSERT_GT(whole.size(), 12u);
  GenerateRequest r = Ask("Count from one to five in words.", 32);
  r.chat.stop = {whole.substr(6, 5), "never said"};
  auto run = Finish(*engine, r);
  EXPECT_EQ(run->Text(), whole.substr(0, whole.find(r.chat.stop[0])));
  EXPECT_EQ(run->Answer().choices.at(0).finish, chat::Finish::kStop);
}

TEST(Engine, MaxTokensCutsTheAnswerAndSaysSo) {
  NEED_MODEL(kSmol);
  Generated g;
  auto run = Finish(*LoadOnce(kSmol), Ask("Tell me a long story.", 5), &g);
  EXPECT_EQ(g.usage.output, 5);
  EXPECT_EQ(run->Answer().choices.at(0).finish, chat::Finish::kLength);
}

TEST(Engine, RefusesAPromptThatDoesNotFitWithBothCounts) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  std::string text;
  for (int i = 0; i < 700; ++i) text += "word ";
  auto run = Start(*engine, Ask(text));
  ASSERT_TRUE(run->refused);
  EXPECT_EQ(run->refused->code, Code::kTooLarge);
  EXPECT_EQ(run->refused->reason, "context_length_exceeded");
  EXPECT_NE(run->refused->message.find("512"), std::string::npos);
  EXPECT_NE(run->refused->message.find("7"), std::string::npos);
  EXPECT_TRUE(run->events.empty());
}

TEST(Engine, CancelEndsBetweenTokens) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  auto run = Start(*engine, Ask("Tell me a very long story.", 400), [](Running& r, const chat::Event& e) {
    if (e.kind == chat::Event::Kind::kText && r.events.size() > 3 && r.job) r.job->Cancel();
  });
  ASSERT_FALSE(run->refused);
  auto end = run->done.get();
  if (end) GTEST_SKIP() << "the whole answer came before the handle did";
  EXPECT_EQ(end.error().code, Code::kCancelled);
  EXPECT_LT(run->events.size(), 100u);
}

TEST(Engine, ManyAtOnceAnswerAsTheyWouldAlone) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  std::vector<std::string> questions = {"What is the capital of France?",
                                        "Name a colour.",
                                        "What is 2+2?",
                                        "Say hello.",
                                        "Name an animal.",
                                        "What is water?",
                                        "Name a planet.",
                                        "Is the sky blue?",
                                        "Name a fruit.",
                                        "What do cows drink?"};
  std::vector<std::string> alone;
  for (const auto& q : questions) alone.push_back(Finish(*engine, Ask(q, 10))->Text());
  std::vector<std::shared_ptr<Running>> together;
  for (const auto& q : questions) together.push_back(Start(*engine, Ask(q, 10)));
  int same = 0;
  for (std::size_t i = 0; i < together.size(); ++i) {
    ASSERT_TRUE(together[i]->done.get());
    same += together[i]->Text() == alone[i];
  }
  // Rounding differs with the shape of a batch, so that a near tie may fall the other way; a mixed-up
  // sequence would change nearly all of them.
  EXPECT_GE(same, 8);
}

TEST(Engine, SeveralChoicesComeFromOneRequest) {
  NEED_MODEL(kSmol);
  GenerateRequest r = Ask("Invent a name for a boat.", 12);
  r.chat.temperature = 1.2;
  r.chat.seed = 7;
  r.chat.n = 3;
  Generated g;
  auto run = Finish(*LoadOnce(kSmol), r, &g);
  ASSERT_EQ(run->Answer().choices.size(), 3u);
  EXPECT_NE(run->Text(0), run->Text(1));
  EXPECT_EQ(g.usage.input, LoadOnce(kSmol)->Render(r.chat)->tokens);
}

TEST(Engine, AnswersThatMustBeJsonFollowTheirSchema) {
  NEED_MODEL(kSmol);
  GenerateRequest r = Ask("Extract: Anna is 31 years old and lives in Oslo.", 80);
  r.chat.response_format.kind = chat::ResponseFormat::Kind::kJsonSchema;
  r.chat.response_format.schema.text =
      R"({"type":"object","properties":{"name":{"type":"string","maxLength":20},"age":{"type":"integer"}},)"
      R"("required":["name","age"],"additionalProperties":false})";
  auto run = Finish(*LoadOnce(kSmol), r);
  auto json = nlohmann::json::parse(run->Text(), nullptr, false);
  ASSERT_TRUE(json.is_object()) << run->Text();
  EXPECT_TRUE(json["name"].is_string());
  EXPECT_TRUE(json["age"].is_number_integer());
  EXPECT_EQ(json.size(), 2u);
}

TEST(Engine, RefusesASchemaItCannotFollow) {
  NEED_MODEL(kSmol);
  GenerateRequest r = Ask("x");
  r.chat.response_format.kind = chat::ResponseFormat::Kind::kJsonSchema;
  for (const char* schema : {R"({"$ref":"#/definitions/missing"})", R"({"type":"nonsense"})", "[1,2]", "{"}) {
    r.chat.response_format.schema.text = schema;
    auto run = Start(*LoadOnce(kSmol), r);
    ASSERT_TRUE(run->refused) << schema;
    EXPECT_EQ(run->refused->code, Code::kInvalidRequest) << schema;
    EXPECT_EQ(run->refused->reason, "invalid_schema") << schema;
  }
}

TEST(Engine, ImagesAreRefusedByNameOfTheField) {
  NEED_MODEL(kSmol);
  GenerateRequest r = Ask("What is in this picture?");
  chat::Media image;
  image.url = "https://example.org/cat.png";
  r.chat.messages.back().parts.emplace_back(image);
  auto run = Start(*LoadOnce(kSmol), r);
  ASSERT_TRUE(run->refused);
  EXPECT_EQ(run->refused->code, Code::kUnsupported);
  EXPECT_EQ(run->refused->param, "messages[1].content");
}

}  // namespace
}  // namespace baton::lm
