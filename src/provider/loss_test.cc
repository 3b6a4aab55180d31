// Nothing is dropped in silence: every field of a request is found in the encoded request, or among the
// losses, or refused; in every dialect. And docs/dialects.md says what the table says.
#include "provider/loss.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "provider/test_support.h"

namespace baton::provider {
namespace {

using J = nlohmann::json;

// A field with a telling value, and where that value may show up in a worker's request.
struct Case {
  const char* param;
  const char* member;  // of the request body
  // Text that must be in the encoded body when the field was honoured or emulated.
  const char* openai;
  const char* anthropic;
  const char* gemini;
};

const char* kTool =
    R"("tools":[{"type":"function","function":{"name":"probe_tool","parameters":{"type":"object"}}}])";

const Case kCases[] = {
    {"temperature", R"("temperature":0.125)", "0.125", "0.125", "0.125"},
    {"top_p", R"("top_p":0.975)", "0.975", "0.975", "0.975"},
    {"top_k", R"("top_k":17)", "17", "17", "17"},
    {"frequency_penalty", R"("frequency_penalty":0.375)", "0.375", nullptr, "0.375"},
    {"presence_penalty", R"("presence_penalty":0.625)", "0.625", nullptr, "0.625"},
    {"max_tokens", R"("max_tokens":4321)", "4321", "4321", "4321"},
    {"max_tokens", R"("max_completion_tokens":4321)", "4321", "4321", "4321"},
    {"seed", R"("seed":7654)", "7654", nullptr, "7654"},
    {"n", R"("n":3)", "\"n\":3", nullptr, "\"candidateCount\":3"},
    {"logprobs", R"("logprobs":true)", "\"logprobs\":true", nullptr, "\"responseLogprobs\":true"},
    {"top_logprobs", R"("logprobs":true,"top_logprobs":11)", "11", nullptr, "\"logprobs\":11"},
    {"stop", R"("stop":"STOPHERE")", "STOPHERE", "STOPHERE", "STOPHERE"},
    {"user", R"("user":"user-probe")", "user-probe", "user-probe", nullptr},
    {"metadata", R"("metadata":{"k":"meta-probe"})", "meta-probe", nullptr, nullptr},
    {"tools", kTool, "probe_tool", "probe_tool", "probe_tool"},
    {"tool_choice", R"("tool_choice":"required",)", "\"required\"", "\"any\"", "\"ANY\""},
    {"parallel_tool_calls", R"("parallel_tool_calls":false,)", "\"parallel_tool_calls\":false",
     "\"disable_parallel_tool_use\":true", nullptr},
    {"response_format", R"("response_format":{"type":"json_object"})", "json_object", "JSON object",
     "application/json"},
    {"response_format",
     R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"title":"probe"}}})",
     "{\"title\":\"probe\"}", "{\"title\":\"probe\"}", "{\"title\":\"probe\"}"},
    {"reasoning_effort", R"("reasoning_effort":"high","max_tokens":50000)", "\"reasoning_effort\":\"high\"",
     "\"budget_tokens\":24576", "\"thinkingBudget\":24576"},
    {"stream_options", R"("stream":true,"stream_options":{"include_obfuscation":false})",
     "include_obfuscation", nullptr, nullptr},
    {"logit_bias", R"("logit_bias":{"5":-100})", "logit_bias", nullptr, nullptr},
    {"audio", R"("audio":{"voice":"v","format":"mp3"})", "\"audio\"", nullptr, nullptr},
    {"modalities", R"("modalities":["text"])", "modalities", nullptr, nullptr},
    {"functions", R"("functions":[{"name":"f"}])", "functions", nullptr, nullptr},
    {"function_call", R"("function_call":"auto")", "function_call", nullptr, nullptr},
    {"moderation", R"("moderation":{})", "moderation", nullptr, nullptr},
    {"prediction", R"("prediction":{"type":"content","content":"x"})", "prediction", nullptr, nullptr},
    {"prompt_cache_key", R"("prompt_cache_key":"k")", "prompt_cache_key", nullptr, nullptr},
    {"prompt_cache_options", R"("prompt_cache_options":{})", "prompt_cache_options", nullptr, nullptr},
    {"prompt_cache_retention", R"("prompt_cache_retention":"24h")", "prompt_cache_retention", nullptr,
     nullptr},
    {"safety_identifier", R"("safety_identifier":"safe-probe")", "safe-probe", "safe-probe", nullptr},
    {"service_tier", R"("service_tier":"flex")", "flex", nullptr, nullptr},
    {"store", R"("store":true)", "\"store\":true", nullptr, nullptr},
    {"verbosity", R"("verbosity":"low")", "verbosity", nullptr, nullptr},
    {"web_search_options", R"("web_search_options":{})", "web_search_options", nullptr, nullptr},
    {"never_heard_of", R"("never_heard_of":[1])", "never_heard_of", nullptr, nullptr},
};

std::string Body(std::string member) {
  if (member.ends_with(",")) member += kTool;
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + member + "}";
}

bool Declared(const std::vector<Loss>& losses, std::string_view param) {
  for (const auto& loss : losses) {
    if (loss.param == param) return true;
  }
  return false;
}

TEST(Loss, EveryFieldIsSentDeclaredOrRefusedInEveryDialect) {
  for (const auto& c : kCases) {
    auto r = FindClientCodec("openai")->DecodeChat(Body(c.member), "", false);
    ASSERT_TRUE(r) << c.member << r.error().message;
    r->raw.clear();
    for (const auto name : DialectNames()) {
      const char* expected = name == "openai" ? c.openai : name == "anthropic" ? c.anthropic : c.gemini;
      auto e = FindWorkerCodec(name)->EncodeChat(*r, test::Able("model-x"));
      const std::string where = std::string(c.param) + " in " + std::string(name);
      if (!e) {
        EXPECT_EQ(expected, nullptr) << where << ": " << e.error().message;
        EXPECT_EQ(e.error().code, Code::kUnsupported) << where;
        EXPECT_EQ(e.error().param, c.param) << where;
        continue;
      }
      if (expected) {
        EXPECT_NE(e->body.find(expected), std::string::npos) << where << ": " << e->body;
      } else {
        EXPECT_TRUE(Declared(e->losses, c.param)) << where << " vanished; losses: " << LossHeader(e->losses);
      }
    }
  }
}

TEST(Loss, ThereIsACaseForEveryRow) {
  const auto has = [](std::string_view name) {
    return std::any_of(std::begin(kCases), std::end(kCases), [&](const Case& c) { return name == c.param; });
  };
  for (const auto& rule : Rules()) {
    if (rule.param == Param::kReasoningBudget || rule.param == Param::kThinking) continue;  // not OpenAI's
    EXPECT_TRUE(has(rule.name)) << rule.name;
  }
  for (const auto& rule : ExtraRules()) EXPECT_TRUE(has(rule.name)) << rule.name;
  // And the other way: each field of OpenAI's API has a row.
  for (const char* field : {"audio",
                            "frequency_penalty",
                            "function_call",
                            "functions",
                            "logit_bias",
                            "logprobs",
                            "max_completion_tokens",
                            "max_tokens",
                            "metadata",
                            "modalities",
                            "moderation",
                            "n",
                            "parallel_tool_calls",
                            "prediction",
                            "presence_penalty",
                            "prompt_cache_key",
                            "prompt_cache_options",
                            "prompt_cache_retention",
                            "reasoning_effort",
                            "response_format",
                            "safety_identifier",
                            "seed",
                            "service_tier",
                            "stop",
                            "store",
                            "stream_options",
                            "temperature",
                            "tool_choice",
                            "tools",
                            "top_logprobs",
                            "top_p",
                            "user",
                            "verbosity",
                            "web_search_options"}) {
    EXPECT_TRUE(std::any_of(std::begin(kCases), std::end(kCases), [&](const Case& c) {
      return std::string_view(c.member).find("\"" + std::string(field) + "\"") != std::string_view::npos;
    })) << field;
  }
}

TEST(Loss, StrictTurnsDropsIntoRefusals) {
  for (const auto& c : kCases) {
    auto r = FindClientCodec("openai")->DecodeChat(Body(c.member), "", false);
    r->raw.clear();
    for (const auto name : DialectNames()) {
      Target t = test::Able("model-x");
      t.strict = true;
      auto e = FindWorkerCodec(name)->EncodeChat(*r, t);
      if (!e) continue;
      for (const auto& loss : e->losses)
        EXPECT_NE(loss.how, Loss::How::kDropped) << c.param << " in " << name;
    }
  }
}

TEST(Loss, RejectedParametersAreNotSent) {
  for (const auto& rule : Rules()) {
    if (rule.param == Param::kMaxTokens || rule.param == Param::kTools)
      continue;  // renamed; cannot be left out
    for (const auto& c : kCases) {
      if (c.param != rule.name) continue;
      auto r = FindClientCodec("openai")->DecodeChat(Body(c.member), "", false);
      Target t = test::Able("model-x");
      t.rejects = {std::string(rule.name)};
      auto e = FindWorkerCodec("openai")->EncodeChat(*r, t);
      ASSERT_TRUE(e) << rule.name;
      EXPECT_TRUE(Declared(e->losses, rule.name)) << rule.name;
      if (rule.param != Param::kStreamOptions && rule.param != Param::kResponseFormat) {
        EXPECT_EQ(e->body.find(c.openai), std::string::npos) << rule.name << e->body;
      }
    }
  }
}

TEST(Loss, AbilitiesAreRespected) {
  const auto encode = [](const char* member, auto change) {
    auto r = FindClientCodec("openai")->DecodeChat(Body(member), "", false);
    EXPECT_TRUE(r);
    Target t = test::Able("model-x");
    change(&t);
    return FindWorkerCodec("openai")->EncodeChat(*r, t);
  };
  auto tools = encode(kTool, [](Target* t) { t->can.tools = false; });
  ASSERT_FALSE(tools);
  EXPECT_EQ(tools.error().param, "tools");
  auto logprobs = encode(R"("logprobs":true)", [](Target* t) { t->can.logprobs = false; });
  ASSERT_TRUE(logprobs);
  EXPECT_EQ(LossHeader(logprobs->losses), "logprobs=dropped");
  auto effort = encode(R"("reasoning_effort":"low")", [](Target* t) { t->can.reasoning = false; });
  ASSERT_TRUE(effort);
  EXPECT_EQ(LossHeader(effort->losses), "reasoning_effort=dropped");
}

TEST(Loss, HeaderHoldsOnlyWhatAHeaderMay) {
  EXPECT_EQ(LossHeader({{"a\r\nSet-Cookie: x, b=c", Loss::How::kDropped, ""}}),
            "a__Set-Cookie__x__b_c=dropped");
  EXPECT_EQ(LossHeader({}), "");
}

// The table of docs/dialects.md, as the rules give it.
std::string Table() {
  std::string out = "| parameter | openai | anthropic | gemini |\n| --- | --- | --- | --- |\n";
  const auto cell = [](Fate fate, std::string_view note) {
    return std::string(FateName(fate)) + (note.empty() ? "" : ": " + std::string(note));
  };
  for (const auto& r : Rules()) {
    out += "| `" + std::string(r.name) + "` | " + cell(r.openai, "") + " | " +
           cell(r.anthropic, r.anthropic_note) + " | " + cell(r.gemini, r.gemini_note) + " |\n";
  }
  for (const auto& r : ExtraRules()) {
    out += "| `" + std::string(r.name) + "` | honoured | " + cell(r.anthropic, r.anthropic_note) + " | " +
           cell(r.gemini, r.gemini_note) + " |\n";
  }
  return out + "| any other field | honoured | dropped | dropped |\n";
}

TEST(Loss, TheTableInTheDocumentIsTheTableInTheCode) {
  const std::string page = test::Slurp("docs/dialects.md");
  if (page.empty()) GTEST_SKIP() << "not run from the root of the repository";
  EXPECT_NE(page.find(Table()), std::string::npos) << "put this into docs/dialects.md:\n" << Table();
}

}  // namespace
}  // namespace baton::provider
