#include <algorithm>
#include <nlohmann/json.hpp>

#include "lm/engine.h"
#include "lm/engine_test_util.h"

namespace baton::lm {
namespace {

constexpr const char* kSmol = "smollm2-135m-instruct";

TEST(Engine, AConversationThatOutgrowsTheCacheGoesOnUnchanged) {
  NEED_MODEL(kSmol);
  auto small = Engine::Load({.path = ModelPath(kSmol),
                             .threads = 1,
                             .max_parallel = 2,
                             .context_per_sequence = 512,
                             .first_context = 48});
  ASSERT_TRUE(small);
  // The prompt fits at first and the answer does not.
  GenerateRequest r = Ask("Count from one to twenty in words.", 40);
  EXPECT_LT((*small)->Render(r.chat)->tokens, 48);
  EXPECT_EQ(Finish(**small, r)->Text(), Finish(*LoadOnce(kSmol), r)->Text());
}

TEST(Engine, HiddenStateOfThePromptHasTheModelsWidth) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  auto hidden = [&](const char* text) {
    GenerateRequest r = Ask(text, 2);
    r.return_hidden = true;
    Generated g;
    EXPECT_FALSE(Finish(*engine, r, &g)->Text().empty());
    return g.hidden;
  };
  const std::vector<float> one = hidden("What is the capital of France?");
  ASSERT_EQ(one.size(), static_cast<std::size_t>(engine->info().embedding_width));
  EXPECT_EQ(one, hidden("What is the capital of France?"));
  EXPECT_NE(one, hidden("Name a fruit."));
}

TEST(Engine, AskingForTheHiddenStateDoesNotChangeTheAnswer) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  // Not one whose likeliest words are nearly as likely as others: batches of another size round otherwise on
  // some processors.
  GenerateRequest r = Ask("Name a fruit.", 8);
  const std::string without = Finish(*engine, r)->Text();
  r.return_hidden = true;
  EXPECT_EQ(without, Finish(*engine, r)->Text());
}

// What comes behind a token cannot change its state.
TEST(Engine, TheStateBeforeTheLastTokenIsThatOfTheTextWithoutIt) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  const auto states = [&](std::vector<std::string> texts, int before) {
    std::promise<Result<Engine::Embedded>> p;
    engine->States(std::move(texts), before, [&p](Result<Engine::Embedded> r) { p.set_value(std::move(r)); });
    return p.get_future().get();
  };
  const auto last = states({"user: hello\n", "user: hello ("}, 1);
  ASSERT_TRUE(last) << last.error().message;
  const auto whole = states({"user: hello"}, 0);
  ASSERT_TRUE(whole);
  ASSERT_EQ(last->vectors[0].size(), static_cast<std::size_t>(engine->info().embedding_width));
  for (const auto& v : last->vectors) {
    float dot = 0;
    for (std::size_t i = 0; i < v.size(); ++i) dot += v[i] * whole->vectors[0][i];
    EXPECT_NEAR(dot, 1, 1e-3);
  }
  EXPECT_EQ(states({"a"}, 5).error().reason, "too_short");
  EXPECT_TRUE(states({}, 1));
}

TEST(Engine, AFullQueueRefusesAtOnce) {
  NEED_MODEL(kSmol);
  auto engine = Engine::Load({.path = ModelPath(kSmol),
                              .threads = 1,
                              .max_parallel = 1,
                              .max_queue = 2,
                              .context_per_sequence = 256});
  ASSERT_TRUE(engine);
  std::vector<std::shared_ptr<Running>> runs;
  int refused = 0;
  for (int i = 0; i < 8; ++i) {
    runs.push_back(Start(**engine, Ask("Tell me a long story.", 200)));
    refused += runs.back()->refused.has_value();
    if (runs.back()->refused) {
      EXPECT_EQ(runs.back()->refused->code, Code::kOverloaded);
    }
  }
  EXPECT_GE(refused, 5);
  for (auto& run : runs) {
    if (run->job) run->job->Cancel();
  }
  for (auto& run : runs) {
    if (!run->job) continue;
    EXPECT_EQ(run->done.get().error().code, Code::kCancelled);
  }
}

TEST(Engine, GoingAwayCancelsWhatRunsAndWhatWaits) {
  NEED_MODEL(kSmol);
  auto engine =
      Engine::Load({.path = ModelPath(kSmol), .threads = 1, .max_parallel = 1, .context_per_sequence = 256});
  ASSERT_TRUE(engine);
  auto running = Start(**engine, Ask("Tell me a long story.", 200));
  auto waiting = Start(**engine, Ask("Tell me another.", 200));
  engine->reset();
  EXPECT_EQ(running->done.get().error().code, Code::kCancelled);
  EXPECT_EQ(waiting->done.get().error().code, Code::kCancelled);
  running->job->Cancel();  // a handle that outlives the engine is harmless
}

TEST(Engine, LogprobsComeForEveryTokenShown) {
  NEED_MODEL(kSmol);
  GenerateRequest r = Ask("What is the capital of France?", 8);
  r.chat.logprobs = true;
  r.chat.top_logprobs = 3;
  auto run = Finish(*LoadOnce(kSmol), r);
  auto logprobs = nlohmann::json::parse(run->Answer().choices.at(0).logprobs.text);
  std::string joined;
  for (const auto& entry : logprobs["content"]) {
    joined += entry["token"].get<std::string>();
    ASSERT_EQ(entry["top_logprobs"].size(), 3u);
    // Greedy takes the likeliest.
    EXPECT_EQ(entry["top_logprobs"][0]["token"], entry["token"]);
    EXPECT_FLOAT_EQ(entry["top_logprobs"][0]["logprob"].get<float>(), entry["logprob"].get<float>());
    EXPECT_LE(entry["logprob"].get<float>(), 0.0f);
    EXPECT_GE(entry["top_logprobs"][0]["logprob"].get<float>(),
              entry["top_logprobs"][1]["logprob"].get<float>());
  }
  EXPECT_EQ(joined, run->Text());
}

TEST(Engine, ABiasOfMinusHundredBansAToken) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  const auto tokens = [&](const GenerateRequest& r) {
    return nlohmann::json::parse(Finish(*engine, r)->Answer().choices.at(0).logprobs.text)["content"];
  };
  std::string bias = "{";
  for (int id = 0; id < 3000; ++id) bias += (id ? ",\"" : "\"") + std::to_string(id) + "\":-100";
  // Which token begins an answer, and whether it is one of these, is the processor's rounding too: one of
  // two.
  int banned = 0;
  for (const char* question : {"What is the capital of France?", "Name a fruit."}) {
    GenerateRequest r = Ask(question, 8);
    r.chat.logprobs = true;
    const auto first = tokens(r)[0]["token"];
    r.chat.extra.emplace_back("logit_bias", chat::Json{bias + "}"});
    const auto after = tokens(r);
    banned += std::none_of(after.begin(), after.end(), [&](const auto& e) { return e["token"] == first; });
  }
  EXPECT_GE(banned, 1);
}

TEST(Engine, WrongParametersAreNamed) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  auto param = [&](auto change) {
    GenerateRequest r = Ask("x");
    change(r.chat);
    auto run = Start(*engine, r);
    EXPECT_TRUE(run->refused);
    return run->refused ? run->refused->param : "accepted";
  };
  EXPECT_EQ(param([](chat::Request& r) { r.max_tokens = 0; }), "max_tokens");
  EXPECT_EQ(param([](chat::Request& r) { r.max_tokens = -3; }), "max_tokens");
  EXPECT_EQ(param([](chat::Request& r) { r.n = 0; }), "n");
  EXPECT_EQ(param([](chat::Request& r) { r.temperature = -1; }), "temperature");
  EXPECT_EQ(param([](chat::Request& r) { r.top_p = 1.5; }), "top_p");
  EXPECT_EQ(param([](chat::Request& r) { r.logprobs = true, r.top_logprobs = 21; }), "top_logprobs");
  EXPECT_EQ(param([](chat::Request& r) { r.extra.emplace_back("min_p", chat::Json{"2"}); }), "min_p");
  EXPECT_EQ(param([](chat::Request& r) { r.extra.emplace_back("logit_bias", chat::Json{R"({"x":1})"}); }),
            "logit_bias");
}

TEST(Engine, ANamedToolIsCalledWithArgumentsOfItsSchema) {
  NEED_MODEL(kSmol);
  GenerateRequest r = Ask("What is the weather in Oslo?", 80);
  chat::Tool tool;
  tool.name = "get_weather";
  tool.description = "Weather of a city";
  tool.parameters.text =
      R"({"type":"object","properties":{"city":{"type":"string","maxLength":20}},"required":["city"]})";
  r.chat.tools = {tool};
  r.chat.tool_choice.kind = chat::ToolChoice::Kind::kRequired;
  auto run = Finish(*LoadOnce(kSmol), r);
  chat::Response answer = run->Answer();
  ASSERT_EQ(answer.choices.size(), 1u);
  EXPECT_EQ(answer.choices[0].finish, chat::Finish::kToolCalls);
  ASSERT_EQ(answer.choices[0].message.parts.size(), 1u);
  const auto& call = std::get<chat::ToolCall>(answer.choices[0].message.parts[0]);
  EXPECT_EQ(call.name, "get_weather");
  EXPECT_FALSE(call.id.empty());
  auto arguments = nlohmann::json::parse(call.arguments, nullptr, false);
  ASSERT_TRUE(arguments.is_object()) << call.arguments;
  EXPECT_TRUE(arguments["city"].is_string());
}

TEST(Engine, ControlTokensWrittenByAClientAreText) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  auto tokens = [&](const char* text) { return engine->Render(Ask(text).chat)->tokens; };
  // As tokens they would be one each; as text they are several.
  EXPECT_GE(tokens("a <|im_end|> b"), tokens("a b") + 4);
  EXPECT_GE(tokens("<|im_start|>system"), tokens("system") + 4);
  auto rendered = engine->Render(Ask("say <|im_end|> and \xee\x80\x80"
                                     "999\xee\x80\x81 twice")
                                     .chat);
  EXPECT_NE(rendered->prompt.find("say <|im_end|> and \xee\x80\x80"
                                  "999\xee\x80\x81 twice"),
            std::string::npos)
      << rendered->prompt;
}

TEST(Engine, ABaseModelWithoutTemplateAnswersATranscript) {
  NEED_MODEL("gemma-3-270m");
  auto engine = LoadOnce("gemma-3-270m", 2, 256);
  EXPECT_TRUE(engine->info().chat_template.empty());
  // A base model promises nothing but text; the transcript must not go on with questions of its own.
  auto run = Finish(*engine, Ask("What is the capital of Italy?", 24));
  EXPECT_NE(run->Text().find("Ital"), std::string::npos) << run->Text();
  EXPECT_EQ(run->Text().find("Question:"), std::string::npos) << run->Text();
}

TEST(Engine, DecodersGiveEmbeddingsToo) {
  NEED_MODEL(kSmol);
  auto engine = LoadOnce(kSmol);
  std::promise<Result<Engine::Embedded>> promise;
  engine->Embed({"a cat", "a kitten", "stock market"}, [&](auto r) { promise.set_value(std::move(r)); });
  auto r = promise.get_future().get();
  ASSERT_TRUE(r);
  ASSERT_EQ(r->vectors.size(), 3u);
  for (const auto& v : r->vectors) {
    double sum = 0;
    for (float x : v) sum += x * x;
    EXPECT_NEAR(sum, 1, 1e-3);
  }
  EXPECT_GT(r->tokens, 5);
}

}  // namespace
}  // namespace baton::lm
