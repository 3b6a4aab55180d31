#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "provider/dialect.h"

namespace baton::provider {
namespace {

using chat::Request;
using J = nlohmann::json;

const WorkerCodec& Worker() {
  return *FindWorkerCodec("openai");
}
const ClientCodec& Client() {
  return *FindClientCodec("openai");
}

Result<Request> Decode(std::string body) {
  return Client().DecodeChat(std::move(body), "", false);
}

Target To(std::string model) {
  Target t;
  t.model = std::move(model);
  t.can.audio = true;
  return t;
}

// A body with one message and the given further members.
std::string Body(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + (more.empty() ? "" : "," + more) +
         "}";
}

TEST(OpenAiRequest, PassesThroughWithOnlyTheModelReplaced) {
  const std::string body =
      "{ \"messages\" : [{\"role\":\"user\",\"content\":\"h\\u00e9\", \"new_field\": [1,2] }],\n\t\"model\" "
      ": \"route\", "
      "\"unheard_of\":{\"a\": 1.50}, \"temperature\":0.70 } \n";
  auto r = Decode(body);
  ASSERT_TRUE(r) << r.error().message;
  auto e = Worker().EncodeChat(*r, To("gpt-x"));
  ASSERT_TRUE(e);
  std::string want = body;
  want.replace(want.find("\"route\""), 7, "\"gpt-x\"");
  EXPECT_EQ(e->body, want);
  EXPECT_TRUE(e->passthrough);
  EXPECT_FALSE(e->injected_usage);
  EXPECT_TRUE(e->losses.empty());
  EXPECT_EQ(e->target, "/chat/completions");
}

TEST(OpenAiRequest, AsksForUsageOfAStreamThatDidNot) {
  auto r = Decode(Body(R"("stream":true)"));
  auto e = Worker().EncodeChat(*r, To("x"));
  ASSERT_TRUE(e);
  EXPECT_TRUE(e->injected_usage);
  EXPECT_TRUE(e->passthrough);
  EXPECT_EQ(J::parse(e->body)["stream_options"]["include_usage"], true);
}

TEST(OpenAiRequest, AsksForUsageWithinTheClientsStreamOptions) {
  auto r =
      Decode(Body(R"("stream_options":{"include_usage":false,"include_obfuscation":false},"stream":true)"));
  ASSERT_TRUE(r);
  auto e = Worker().EncodeChat(*r, To("a-much-longer-model-name"));
  ASSERT_TRUE(e);
  const auto j = J::parse(e->body);
  EXPECT_EQ(j["stream_options"], J::parse(R"({"include_usage":true,"include_obfuscation":false})"));
  EXPECT_EQ(j["model"], "a-much-longer-model-name");
}

TEST(OpenAiRequest, LeavesStreamOptionsAloneWhenUsageWasAskedFor) {
  auto r = Decode(Body(R"("stream":true,"stream_options":{"include_usage":true})"));
  auto e = Worker().EncodeChat(*r, To("m"));
  EXPECT_EQ(e->body, r->raw);
  EXPECT_FALSE(e->injected_usage);
}

struct Wrong {
  const char* body;
  const char* param;
  const char* reason;
};

TEST(OpenAiRequest, NamesTheFieldThatIsWrong) {
  const Wrong kCases[] = {
      {"", "", "invalid_json"},
      {"{", "", "invalid_json"},
      {"[]", "", "invalid_type"},
      {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}", "", "invalid_json"},
      {R"({"model":"m","messages":[{"role":"user","content":"hi"}]} x)", "", "invalid_json"},
      {R"({"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":NaN})", "", "invalid_json"},
      {R"({"messages":[{"role":"user","content":"hi"}]})", "model", "missing_required_parameter"},
      {R"({"model":7,"messages":[]})", "model", "invalid_type"},
      {R"({"model":"m"})", "messages", "missing_required_parameter"},
      {R"({"model":"m","messages":[]})", "messages", "empty_array"},
      {R"({"model":"m","messages":"hi"})", "messages", "invalid_type"},
      {R"({"model":"m","messages":[3]})", "messages[0]", "invalid_type"},
      {R"({"model":"m","messages":[{"content":"x"}]})", "messages[0].role", "missing_required_parameter"},
      {R"({"model":"m","messages":[{"role":"robot","content":"x"}]})", "messages[0].role", "invalid_value"},
      {R"({"model":"m","messages":[{"role":"user"}]})", "messages[0].content", "missing_required_parameter"},
      {R"({"model":"m","messages":[{"role":"user","content":null}]})", "messages[0].content", "invalid_type"},
      {R"({"model":"m","messages":[{"role":"user","content":[]}]})", "messages[0].content", "empty_array"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]})",
       "messages[0].content[0].text", "missing_required_parameter"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]})",
       "messages[0].content[0].image_url.url", "missing_required_parameter"},
      {R"({"model":"m","messages":[{"role":"user","content":"a"},{"role":"tool","content":"x"}]})",
       "messages[1].tool_call_id", "missing_required_parameter"},
      {R"({"model":"m","messages":[{"role":"assistant"}]})", "messages[0].content",
       "missing_required_parameter"},
      {R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}]})",
       "messages[0].tool_calls[0].id", "missing_required_parameter"},
      {R"({"model":"m","model":"n","messages":[]})", "model", "duplicate_parameter"},
      {R"({"model":"m","messages":[{"role":"user","content":"a","content":"b"}]})", "messages[0].content",
       "duplicate_parameter"},
  };
  for (const auto& c : kCases) {
    auto r = Decode(c.body);
    ASSERT_FALSE(r) << c.body;
    EXPECT_EQ(r.error().code, Code::kInvalidRequest) << c.body;
    EXPECT_EQ(r.error().param, c.param) << c.body << "\n" << r.error().message;
    EXPECT_EQ(r.error().reason, c.reason) << c.body << "\n" << r.error().message;
    EXPECT_FALSE(r.error().message.empty());
  }
}

TEST(OpenAiRequest, RefusesValuesOfTheWrongTypeOrRange) {
  const Wrong kCases[] = {
      {R"("temperature":"hot")", "temperature", "invalid_type"},
      {R"("temperature":-0.5)", "temperature", "decimal_below_min_value"},
      {R"("temperature":2.1)", "temperature", "decimal_above_max_value"},
      {R"("temperature":1e999)", "temperature", "invalid_json"},
      {R"("top_p":1.5)", "top_p", "decimal_above_max_value"},
      {R"("max_tokens":0)", "max_tokens", "integer_below_min_value"},
      {R"("max_tokens":-5)", "max_tokens", "integer_below_min_value"},
      {R"("max_tokens":1.5)", "max_tokens", "invalid_type"},
      {R"("max_completion_tokens":"10")", "max_completion_tokens", "invalid_type"},
      {R"("max_tokens":99999999999999999999)", "max_tokens", "integer_above_max_value"},
      {R"("n":0)", "n", "integer_below_min_value"},
      {R"("n":129)", "n", "integer_above_max_value"},
      {R"("seed":1.25)", "seed", "invalid_type"},
      {R"("stream":"yes")", "stream", "invalid_type"},
      {R"("top_logprobs":5)", "top_logprobs", "invalid_value"},
      {R"("logprobs":true,"top_logprobs":21)", "top_logprobs", "integer_above_max_value"},
      {R"("stop":[1])", "stop[0]", "invalid_type"},
      {R"("stop":["a","b","c","d","e"])", "stop", "array_above_max_length"},
      {R"("presence_penalty":3)", "presence_penalty", "decimal_above_max_value"},
      {R"("frequency_penalty":-3)", "frequency_penalty", "decimal_below_min_value"},
      {R"("user":5)", "user", "invalid_type"},
      {R"("metadata":{"a":1})", "metadata.a", "invalid_type"},
      {R"("tools":{})", "tools", "invalid_type"},
      {R"("tools":[{}])", "tools[0].type", "missing_required_parameter"},
      {R"("tools":[{"type":"function"}])", "tools[0].function", "missing_required_parameter"},
      {R"("tools":[{"type":"function","function":{}}])", "tools[0].function.name",
       "missing_required_parameter"},
      {R"("tools":[{"type":"function","function":{"name":"f","parameters":"x"}}])",
       "tools[0].function.parameters", "invalid_type"},
      {R"("tool_choice":"maybe")", "tool_choice", "invalid_value"},
      {R"("tool_choice":"required")", "tool_choice", "invalid_value"},
      {R"("response_format":{"type":"json_schema"})", "response_format.json_schema",
       "missing_required_parameter"},
      {R"("response_format":{"type":"json_schema","json_schema":{"schema":{}}})",
       "response_format.json_schema.name", "missing_required_parameter"},
      {R"("response_format":"json")", "response_format", "invalid_type"},
      {R"("reasoning_effort":"extreme")", "reasoning_effort", "invalid_value"},
      {R"("parallel_tool_calls":1)", "parallel_tool_calls", "invalid_type"},
      {R"("stream_options":{"include_usage":true})", "stream_options", "invalid_value"},
      {R"("logit_bias":{"5":101})", "logit_bias.5", "decimal_above_max_value"},
      {R"("store":"no")", "store", "invalid_type"},
      {R"("service_tier":1)", "service_tier", "invalid_type"},
      {R"("verbosity":1)", "verbosity", "invalid_type"},
      {R"("modalities":["text",1])", "modalities[1]", "invalid_type"},
      {R"("audio":{"format":"mp3"})", "audio.voice", "missing_required_parameter"},
      {R"("prediction":"x")", "prediction", "invalid_type"},
      {R"("functions":[])", "functions", "empty_array"},
      {R"("function_call":"sometimes")", "function_call", "invalid_value"},
      {R"("web_search_options":1)", "web_search_options", "invalid_type"},
      {R"("prompt_cache_key":1)", "prompt_cache_key", "invalid_type"},
      {R"("prompt_cache_options":1)", "prompt_cache_options", "invalid_type"},
      {R"("prompt_cache_retention":1)", "prompt_cache_retention", "invalid_type"},
      {R"("safety_identifier":1)", "safety_identifier", "invalid_type"},
      {R"("moderation":1)", "moderation", "invalid_type"},
  };
  for (const auto& c : kCases) {
    auto r = Decode(Body(c.body));
    ASSERT_FALSE(r) << c.body;
    if (std::string_view(c.reason) == "invalid_json") continue;  // any refusal will do
    EXPECT_EQ(r.error().param, c.param) << c.body << "\n" << r.error().message;
    EXPECT_EQ(r.error().reason, c.reason) << c.body << "\n" << r.error().message;
  }
}

TEST(OpenAiRequest, TakesNullForAbsent) {
  auto r = Decode(Body(
      R"("temperature":null,"max_tokens":null,"stop":null,"tools":null,"tool_choice":null,"response_format":null,)"
      R"("n":null,"seed":null,"stream":null,"stream_options":null,"metadata":null,"logit_bias":null,"user":null)"));
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_FALSE(r->temperature);
  EXPECT_TRUE(r->extra.empty());
}

TEST(OpenAiRequest, RefusesNestingThatWouldEatTheStack) {
  auto r = Decode(Body("\"x\":" + std::string(100000, '[')));
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().reason, "json_too_deep");
}

const char* kRich = R"({"model":"m","messages":[
 {"role":"system","content":"be brief"},
 {"role":"user","content":[{"type":"text","text":"look","cache_control":{"type":"ephemeral"}},
   {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},
   {"type":"input_audio","input_audio":{"data":"BBBB","format":"mp3"}},
   {"type":"file","file":{"file_data":"data:application/pdf;base64,CCCC","filename":"a.pdf"}}]},
 {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[
   {"id":"c1","type":"function","function":{"name":"f","arguments":"{ \"a\" : 1e2,\"b\":\"\\u00e9\"}"}},
   {"id":"c2","type":"function","function":{"name":"f","arguments":"{broken"}}]},
 {"role":"tool","tool_call_id":"c1","content":"one"},
 {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"two"}]}],
 "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object", "x": 1.0},"strict":true,"odd":1},"cache_control":{}}],
 "tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,
 "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}},
 "reasoning_effort":"high","temperature":0.5,"top_p":0.9,"frequency_penalty":0.1,"presence_penalty":0.2,
 "max_completion_tokens":100,"seed":7,"n":2,"logprobs":true,"top_logprobs":3,"stop":["x","y"],"user":"u",
 "metadata":{"k":"v"},"logit_bias":{"5":-100},"service_tier":"flex","unheard_of":[1, 2]})";

TEST(OpenAiRequest, RewrittenFromNeutralTypesSaysTheSame) {
  auto r = Decode(kRich);
  ASSERT_TRUE(r) << r.error().message;
  r->raw.clear();
  auto e = Worker().EncodeChat(*r, To("m"));
  ASSERT_TRUE(e) << e.error().message;
  EXPECT_FALSE(e->passthrough);
  EXPECT_EQ(J::parse(e->body), J::parse(kRich));
  EXPECT_TRUE(e->losses.empty()) << LossHeader(e->losses);
}

TEST(OpenAiRequest, KeepsToolArgumentsByteForByte) {
  auto r = Decode(kRich);
  const auto& calls = r->messages[2].parts;
  EXPECT_EQ(std::get<chat::ToolCall>(calls[1]).arguments, "{ \"a\" : 1e2,\"b\":\"\\u00e9\"}");
  EXPECT_EQ(std::get<chat::ToolCall>(calls[2]).arguments, "{broken");
  EXPECT_EQ(r->tools[0].parameters.text, "{\"type\":\"object\", \"x\": 1.0}");
}

TEST(OpenAiRequest, DoesNotSendWhatTheWorkerRejects) {
  auto r = Decode(kRich);
  Target t = To("m");
  t.rejects = {"seed", "logit_bias", "max_completion_tokens"};
  auto e = Worker().EncodeChat(*r, t);
  ASSERT_TRUE(e);
  const auto j = J::parse(e->body);
  EXPECT_FALSE(j.contains("seed"));
  EXPECT_FALSE(j.contains("logit_bias"));
  EXPECT_EQ(j["max_tokens"], 100);
  EXPECT_EQ(LossHeader(e->losses), "seed=dropped, logit_bias=dropped");
  t.strict = true;
  auto refused = Worker().EncodeChat(*r, t);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnsupported);
  EXPECT_EQ(refused.error().param, "seed");
}

TEST(OpenAiRequest, AsksInWordsForJsonWhereTheWorkerHasNoSchemas) {
  auto r = Decode(kRich);
  Target t = To("m");
  t.can.json_schema = false;
  auto e = Worker().EncodeChat(*r, t);
  ASSERT_TRUE(e);
  const auto j = J::parse(e->body);
  EXPECT_FALSE(j.contains("response_format"));
  const std::string system = j["messages"][0]["content"];
  EXPECT_NE(system.find("be brief"), std::string::npos);
  EXPECT_NE(system.find("{\"type\":\"object\"}"), std::string::npos);
  EXPECT_EQ(LossHeader(e->losses), "response_format=emulated");
}

TEST(OpenAiReply, DecodesAndEncodesTheSame) {
  const std::string body =
      R"({"id":"chatcmpl-1","object":"chat.completion","created":17,"model":"gpt-x","choices":[{"index":0,"message":)"
      R"({"role":"assistant","content":"hé","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],)"
      R"("usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":3,)"
      R"("audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":5,"audio_tokens":0,)"
      R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp"})";
  auto r = Worker().DecodeChat(body);
  ASSERT_TRUE(r) << r.error().message;
  EXPECT_EQ(r->usage.input, 9);
  EXPECT_EQ(r->usage.cached_input, 3);
  EXPECT_EQ(r->usage.reasoning, 5);
  ReplyShape shape;
  EXPECT_EQ(J::parse(Client().EncodeChat(*r, shape)), J::parse(body));
  shape.passthrough = true;
  EXPECT_EQ(Client().EncodeChat(*r, shape), body);
}

TEST(OpenAiReply, WhatIsNoAnswerIsTheWorkersFault) {
  for (const char* body : {"", "<html>", "{}", "[]", "{\"choices\":3}", "{\"choices\":[{}]}", "null"}) {
    auto r = Worker().DecodeChat(body);
    ASSERT_FALSE(r) << body;
    EXPECT_EQ(r.error().code, Code::kBadUpstream) << body;
  }
}

}  // namespace
}  // namespace baton::provider
