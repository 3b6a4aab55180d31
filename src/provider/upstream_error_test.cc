#include "provider/upstream_error.h"

#include <gtest/gtest.h>

#include "provider/call_id.h"
#include "provider/retry_after.h"
#include "provider/text.h"

namespace baton::provider {
namespace {

using std::chrono::milliseconds;

struct Sample {
  const char* dialect;
  int status;
  const char* body;
  Fault fault;
};

TEST(UpstreamError, SaysWhoseFaultItIs) {
  const Sample kSamples[] = {
      {"openai", 400,
       R"({"error":{"message":"max","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}})",
       Fault::kClientRequest},
      {"openai", 400,
       R"({"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}})",
       Fault::kContextOverflow},
      {"openai", 400,
       R"({"error":{"message":"Your request was rejected","type":"invalid_request_error","code":"content_policy_violation"}})",
       Fault::kContentRefused},
      {"openai", 400,
       R"({"error":{"message":"filtered","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
       Fault::kContentRefused},
      {"openai", 401,
       R"({"error":{"message":"Incorrect API key provided: sk-abcdefghijklmnop1234.","type":"invalid_request_error","code":"invalid_api_key"}})",
       Fault::kAuth},
      {"openai", 403, R"({"error":{"message":"Country not supported","type":"request_forbidden"}})",
       Fault::kAuth},
      {"openai", 404,
       R"({"error":{"message":"The model does not exist","type":"invalid_request_error","code":"model_not_found"}})",
       Fault::kClientRequest},
      {"openai", 429,
       R"({"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}})",
       Fault::kQuota},
      {"openai", 429,
       R"({"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}})",
       Fault::kRateLimited},
      {"openai", 402, R"({"error":{"message":"Insufficient credits"}})", Fault::kQuota},
      {"openai", 500, R"({"error":{"message":"The server had an error","type":"server_error"}})",
       Fault::kServer},
      {"openai", 503,
       R"({"error":{"message":"overloaded","type":"server_error","code":"service_unavailable"}})",
       Fault::kOverloaded},
      {"openai", 422, R"({"detail":[{"loc":["body"],"msg":"field required"}]})", Fault::kClientRequest},
      {"openai", 400,
       R"({"object":"error","message":"This model's maximum context length is 2048 tokens","code":400})",
       Fault::kContextOverflow},
      {"openai", 504, "", Fault::kTimeout},
      {"anthropic", 400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}})",
       Fault::kContextOverflow},
      {"anthropic", 400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API"}})",
       Fault::kQuota},
      {"anthropic", 400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"messages: internal server tool needed"}})",
       Fault::kClientRequest},
      {"anthropic", 401,
       R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})",
       Fault::kAuth},
      {"anthropic", 402, R"({"type":"error","error":{"type":"billing_error","message":"x"}})", Fault::kQuota},
      {"anthropic", 413, R"({"type":"error","error":{"type":"request_too_large","message":"x"}})",
       Fault::kClientRequest},
      {"anthropic", 429, R"({"type":"error","error":{"type":"rate_limit_error","message":"x"}})",
       Fault::kRateLimited},
      {"anthropic", 500, R"({"type":"error","error":{"type":"api_error","message":"x"}})", Fault::kServer},
      {"anthropic", 529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
       Fault::kOverloaded},
      {"gemini", 400,
       R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}})",
       Fault::kAuth},
      {"gemini", 400,
       R"({"error":{"code":400,"message":"The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}})",
       Fault::kContextOverflow},
      {"gemini", 400, R"({"error":{"code":400,"message":"bad field","status":"INVALID_ARGUMENT"}})",
       Fault::kClientRequest},
      {"gemini", 403, R"({"error":{"code":403,"message":"denied","status":"PERMISSION_DENIED"}})",
       Fault::kAuth},
      {"gemini", 429,
       R"({"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"36s"}]}})",
       Fault::kRateLimited},
      {"gemini", 503,
       R"([{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}])",
       Fault::kOverloaded},
      {"gemini", 500, R"({"error":{"code":500,"message":"x","status":"INTERNAL"}})", Fault::kServer},
      {"gemini", 504, R"({"error":{"code":504,"message":"x","status":"DEADLINE_EXCEEDED"}})",
       Fault::kTimeout},
      {"openai", 200, "", Fault::kMalformed},
      {"openai", 502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
       Fault::kServer},
      {"openai", 404, "<!doctype html><html><title>Not Found</title></html>", Fault::kMalformed},
      {"openai", 418, "{\"weird\":true}", Fault::kClientRequest},
  };
  for (const auto& s : kSamples) {
    const auto f = FindWorkerCodec(s.dialect)->DecodeError(s.status, "", "", s.body);
    EXPECT_EQ(FaultName(f.fault), FaultName(s.fault)) << s.status << " " << s.body;
    EXPECT_FALSE(f.error.message.empty()) << s.body;
    EXPECT_EQ(f.error.upstream_status, s.status);
    EXPECT_EQ(f.error.message.find("sk-"), std::string::npos);
    EXPECT_EQ(f.error.message.find("<html"), std::string::npos);
  }
}

TEST(UpstreamError, GivesTheTimeToComeBack) {
  const auto& codec = *FindWorkerCodec("gemini");
  const char* body =
      R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"t/google.rpc.RetryInfo","retryDelay":"1.5s"}]}})";
  EXPECT_EQ(codec.DecodeError(429, "", "", body).error.retry_after, milliseconds(1500));
  EXPECT_EQ(codec.DecodeError(429, "", "7", body).error.retry_after, milliseconds(7000))
      << "the header is nearer";
}

TEST(UpstreamError, ReadsRetryAfterInItsForms) {
  EXPECT_EQ(ParseRetryAfter("20"), milliseconds(20000));
  EXPECT_EQ(ParseRetryAfter(" 0.25 "), milliseconds(250));
  EXPECT_EQ(ParseRetryAfter("125ms"), milliseconds(125));
  EXPECT_EQ(ParseRetryAfter("999999999"), milliseconds(86400000)) << "at most a day";
  EXPECT_FALSE(ParseRetryAfter(""));
  EXPECT_FALSE(ParseRetryAfter("-5"));
  EXPECT_FALSE(ParseRetryAfter("soon"));
  EXPECT_FALSE(ParseRetryAfter("nan"));
  const auto now = std::chrono::system_clock::from_time_t(1445412420);  // 21 Oct 2015 07:27:00
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2015 07:28:00 GMT", now), milliseconds(60000));
  EXPECT_EQ(ParseRetryAfter("Wed, 21 Oct 2015 07:00:00 GMT", now), milliseconds(0)) << "already past";
}

TEST(UpstreamError, NeverShowsAKey) {
  for (const char* text :
       {"Incorrect API key provided: sk-proj-AbCdEf0123456789. You can find",
        "key 'AIzaSyA1234567890abcdefghijklmnopqrstuv' bad", "Bearer gsk_0123456789abcdefABCDEF",
        "sk-ant-api03-xxxxXXXX1234-abc", "token 0123456789abcdef0123456789abcdef is unknown",
        "Incorrect API key provided: sk-ab***wxyz."}) {
    const std::string clean = CleanMessage(text);
    EXPECT_NE(clean.find("[key]"), std::string::npos) << clean;
    EXPECT_EQ(clean.find("0123456789"), std::string::npos) << clean;
    EXPECT_EQ(clean.find("sk-"), std::string::npos) << clean;
  }
  EXPECT_EQ(CleanMessage("model 'claude-sonnet-4-20250514' is gone."),
            "model 'claude-sonnet-4-20250514' is gone.");
}

TEST(UpstreamError, MessagesAreBoundedAndOnOneLine) {
  EXPECT_EQ(CleanMessage("a\r\n\tb\x01 c\x7f"), "a b c");
  std::string long_text;
  for (int i = 0; i < 1000; ++i) long_text += "ü ";
  const std::string clean = CleanMessage(long_text, 100);
  EXPECT_LE(clean.size(), 100u);
  EXPECT_NE(static_cast<unsigned char>(clean.back()) & 0xC0, 0xC0) << "cut inside a character";
}

TEST(UpstreamError, CallIdsAreStableAndDistinct) {
  EXPECT_EQ(StableCallId("x", 0, 1), StableCallId("x", 0, 1));
  EXPECT_NE(StableCallId("x", 0, 1), StableCallId("x", 0, 2));
  EXPECT_NE(StableCallId("x", 0, 1), StableCallId("y", 0, 1));
  EXPECT_EQ(StableCallId("x", 0, 1).size(), 29u);
}

}  // namespace
}  // namespace baton::provider
