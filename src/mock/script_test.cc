#include "mock/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::mock {
namespace {

using testing::HasSubstr;

std::string Problem(std::string_view text) {
  const auto script = ParseScript(text);
  return script ? "" : script.error().message;
}

TEST(Script, EveryKeyIsRead) {
  const auto script = ParseScript(R"(
name: frontier
rules:
  - contains: weather
    model: big
    has_tools: true
    has_image: false
    times: 2
    after: 1
    reply:
      text: hi
      reasoning: hm
      signature: sig
      refusal: ""
      finish: length
      chunks: 3
      usage: {input: 1, cached_input: 2, cache_write: 3, cache_write_1h: 4, output: 5, reasoning: 6}
      tool_calls: [{id: c1, name: f, arguments: '{"a":1}', signature: s}]
    fault:
      status: 429
      error: {type: rate_limit_error, code: slow_down, message: later}
      headers: {retry-after: 7}
      latency: 200ms
      per_chunk: 1.5s
      cut_after: 10
      stall_after: 20
      malformed_sse: true
      html: true
      split_bytes: 1
      no_done: true
      usage: wrong
      close_before_reply: true
      in_band_error: true
)");
  ASSERT_TRUE(script) << script.error().message;
  EXPECT_EQ(script->name, "frontier");
  ASSERT_EQ(script->rules.size(), 1u);
  const Rule& r = script->rules[0];
  EXPECT_EQ(r.contains, "weather");
  EXPECT_EQ(r.model, "big");
  EXPECT_TRUE(r.has_tools);
  EXPECT_EQ(r.times, 2);
  EXPECT_EQ(r.after, 1);
  ASSERT_TRUE(r.reply);
  EXPECT_EQ(r.reply->finish, "length");
  EXPECT_EQ(r.reply->usage->cache_write_1h, 4);
  EXPECT_EQ(r.reply->tool_calls[0].arguments, R"({"a":1})");
  EXPECT_EQ(r.fault.status, 429);
  EXPECT_EQ(r.fault.error_code, "slow_down");
  EXPECT_EQ(r.fault.headers.at("retry-after"), "7");
  EXPECT_EQ(r.fault.latency, std::chrono::milliseconds(200));
  EXPECT_EQ(r.fault.per_chunk, std::chrono::milliseconds(1500));
  EXPECT_EQ(r.fault.cut_after, 10);
  EXPECT_EQ(r.fault.stall_after, 20);
  EXPECT_TRUE(r.fault.malformed_sse && r.fault.html && r.fault.no_done && r.fault.in_band_error);
}

TEST(Script, AReplyMayBeJustItsText) {
  const auto script = ParseScript("rules: [{reply: hello}, {fault: {status: 503}}]");
  ASSERT_TRUE(script);
  EXPECT_EQ(script->rules[0].reply->text, "hello");
  EXPECT_FALSE(script->rules[1].reply) << "without a reply the built-in answer is played";
}

TEST(Script, EmptyAndJsonAreScriptsToo) {
  EXPECT_TRUE(ParseScript(""));
  const auto json = ParseScript(R"({"name":"x","rules":[{"contains":"a","reply":{"text":"b"}}]})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->rules[0].contains, "a");
}

TEST(Script, JsonMayEscapeCharactersInPairs) {
  const auto json = ParseScript(R"({"rules":[{"reply":"\ud83d\ude00"}]})");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->rules[0].reply->text, "\xF0\x9F\x98\x80");
}

TEST(Script, MistakesAreNamedWithTheirPlace) {
  EXPECT_THAT(Problem("rules:\n  - contanis: x\n"), HasSubstr("line 2, column 5: unknown key 'contanis'"));
  EXPECT_THAT(Problem("rules: 5"), HasSubstr("must be a list"));
  EXPECT_THAT(Problem("rules: [{fault: {latency: 5 parsecs}}]"), HasSubstr("is not a time"));
  EXPECT_THAT(Problem("rules: [{fault: {status: 42}}]"), HasSubstr("must be 200 or more"));
  EXPECT_THAT(Problem("rules: [{fault: {usage: odd}}]"), HasSubstr("wrong, none or missing_output"));
  EXPECT_THAT(Problem("rules: [{reply: {tool_calls: [{id: x}]}}]"), HasSubstr("needs a 'name'"));
  EXPECT_THAT(Problem("{ a: ["), HasSubstr("mock script, line"));
  EXPECT_THAT(Problem("- a\n- b"), HasSubstr("must be a map"));
}

TEST(Script, AMissingFileSaysWhatToCheck) {
  const auto script = LoadScript("/nonexistent/script.yaml");
  ASSERT_FALSE(script);
  EXPECT_THAT(script.error().message, HasSubstr("check path"));
}

}  // namespace
}  // namespace baton::mock
