// The HTTP backend against a provider on a real socket.
#include "pool/http_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool/http_fixture.h"

namespace baton::pool {
namespace {

using provider::Fault;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const char kQuestion[] =
    R"({ "model":"baton",  "messages":[{"role":"user","content":"2+2?"}], "made_up_field": [1, 2] })";
const char kStreamQuestion[] = R"({"model":"baton","stream":true,"stream_options":{"include_usage":true},)"
                               R"("messages":[{"role":"user","content":"2+2?"}]})";
const char kAnswer[] =
    R"({"id":"c1","object":"chat.completion","created":5,"model":"m-1",  "choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,)"
    R"("completion_tokens":1,"total_tokens":10},"odd":true})";

std::string Chunk(const std::string& inside) {
  return "data: {\"id\":\"c1\",\"model\":\"m-1\"," + inside + "}\n\n";
}

std::vector<std::string> GoodStream() {
  return {": keep-alive\n\n",
          Chunk(R"("choices":[{"index":0,"delta":{"role":"assistant","content":""}}])"),
          Chunk(R"("choices":[{"index":0,"delta":{"content":"two plus "}}])"),
          Chunk(R"("choices":[{"index":0,"delta":{"content":"two is four"}}])"),
          Chunk(R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}])"),
          Chunk(R"("choices":[],"usage":{"prompt_tokens":9,"completion_tokens":6,"total_tokens":15})"),
          "data: [DONE]\n\n"};
}

std::string Join(const std::vector<std::string>& pieces) {
  std::string out;
  for (const auto& p : pieces) out += p;
  return out;
}

// Keeps the raw bytes too.
class RawSink : public RecordingSink {
 public:
  void Put(chat::Event event) override {
    raw += event.raw;
    RecordingSink::Put(std::move(event));
  }
  std::string raw;
};

class Http : public ::testing::Test {
 protected:
  void Streams(std::vector<std::string> pieces) {
    f.provider.chunked = true;
    f.provider.headers = {{"Content-Type", "text/event-stream"}};
    f.provider.pieces = std::move(pieces);
  }
  AttemptResult Whole() { return f.Chat(f.Decode(kQuestion), nullptr); }
  AttemptResult Stream() { return f.Chat(f.Decode(kStreamQuestion), &sink); }
  HttpFixture f;
  RawSink sink;
};

TEST_F(Http, AWholeAnswerPassesThroughByteForByte) {
  f.provider.body = kAnswer;
  const AttemptResult r = Whole();
  ASSERT_FALSE(r.failure) << r.failure->error.message;
  EXPECT_TRUE(r.passthrough && r.sent && r.first_byte_seen);
  EXPECT_EQ(r.response.raw, kAnswer);
  EXPECT_EQ(r.response.usage.input, 9);
  EXPECT_EQ(f.provider.target, "/v1/chat/completions");
  EXPECT_EQ(
      f.provider.got_body,
      R"({ "model":"provider-model",  "messages":[{"role":"user","content":"2+2?"}], "made_up_field": [1, 2] })");
  EXPECT_EQ(f.provider.got["authorization"], "Bearer sk-test-0123456789");
  EXPECT_EQ(f.provider.got["idempotency-key"], "one-key");
  EXPECT_GT(r.to_first_byte, Duration::zero());
}

TEST_F(Http, AWorkerWithoutAKeySendsNoCredential) {
  f.worker->key = Secret();
  f.provider.body = kAnswer;
  ASSERT_FALSE(Whole().failure);
  EXPECT_FALSE(f.provider.got.contains("authorization"));
}

TEST_F(Http, AStreamPassesThroughByteForByteHoweverItIsSliced) {
  const std::string all = Join(GoodStream());
  for (std::size_t slice : {std::size_t{1}, std::size_t{7}, std::size_t{64}, all.size()}) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < all.size(); at += slice) pieces.push_back(all.substr(at, slice));
    Streams(pieces);
    RawSink out;
    const AttemptResult r = f.Chat(f.Decode(kStreamQuestion), &out);
    ASSERT_FALSE(r.failure) << r.failure->error.message;
    EXPECT_EQ(out.raw, all) << "slices of " << slice;
    EXPECT_EQ(out.text, "two plus two is four");
    EXPECT_EQ(chat::TextOf(r.response.choices[0].message), "two plus two is four");
    EXPECT_TRUE(r.response.usage.known);
    EXPECT_EQ(r.response.usage.output, 6);
  }
}

TEST_F(Http, AStreamCutAnywhereIsAFailureUnlessItsAnswerWasComplete) {
  const std::string all = Join(GoodStream());
  const std::size_t finish = all.find("\"finish_reason\"");
  for (std::size_t cut = 0; cut < all.size(); cut += 11) {
    Streams({all.substr(0, cut)});
    f.provider.end = Provider::End::kAbort;
    RawSink out;
    const AttemptResult r = f.Chat(f.Decode(kStreamQuestion), &out);
    SCOPED_TRACE("cut after " + std::to_string(cut));
    EXPECT_TRUE(std::string("two plus two is four").starts_with(out.text));
    EXPECT_TRUE(all.starts_with(out.raw));
    if (cut < finish) {
      ASSERT_TRUE(r.failure);
      EXPECT_EQ(r.failure->fault, Fault::kTransport);
    }
  }
}

TEST_F(Http, AStreamThatEndsPolitelyTooEarlyIsMalformed) {
  auto pieces = GoodStream();
  pieces.resize(4);
  Streams(pieces);
  const AttemptResult r = Stream();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kMalformed);
  EXPECT_EQ(r.failure->error.reason, "stream_truncated");
  EXPECT_EQ(sink.text, "two plus two is four") << "what came was passed on";
}

TEST_F(Http, BrokenEventsAreTheWorkersFault) {
  auto pieces = GoodStream();
  pieces[3] = "data: {\"choices\": [{\n\n";
  Streams(pieces);
  const AttemptResult r = Stream();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kMalformed);
  EXPECT_EQ(sink.text, "two plus ");
}

TEST_F(Http, AnErrorInsideTheStreamKeepsItsFault) {
  auto pieces = GoodStream();
  pieces.resize(2);
  pieces.push_back("data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded_error\"}}\n\n");
  Streams(pieces);
  const AttemptResult r = Stream();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kOverloaded);
}

TEST_F(Http, EachPhaseHasItsOwnTimeOut) {
  f.worker->timeouts.first_byte = milliseconds(60);
  f.provider.stall_before_head = true;
  AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kTimeout);
  EXPECT_EQ(r.failure->error.reason, "first_byte_timeout");
  EXPECT_TRUE(r.sent);
}

TEST_F(Http, SilenceInsideAStreamIsNoticed) {
  f.worker->timeouts.between_bytes = milliseconds(60);
  auto pieces = GoodStream();
  pieces.resize(3);
  Streams(pieces);
  f.provider.end = Provider::End::kStall;
  const AttemptResult r = Stream();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.reason, "between_bytes_timeout");
  EXPECT_EQ(r.failure->fault, Fault::kTimeout);
  EXPECT_EQ(sink.text, "two plus ");
  EXPECT_EQ(chat::TextOf(r.response.choices[0].message), "two plus ") << "for the estimate";
}

TEST_F(Http, TheWholeDeadlineEndsAStreamThatKeepsTalking) {
  f.provider.stall_before_head = true;
  const AttemptResult r = f.Chat(f.Decode(kQuestion), nullptr, milliseconds(60));
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.code, Code::kDeadline);
  EXPECT_EQ(r.failure->error.reason, "deadline");
}

TEST_F(Http, AServerThatStallsAfterDoneHasAnswered) {
  f.limits.tail = milliseconds(60);
  Streams(GoodStream());
  f.provider.end = Provider::End::kStall;
  const AttemptResult r = Stream();
  EXPECT_FALSE(r.failure);
  EXPECT_EQ(sink.text, "two plus two is four");
}

TEST_F(Http, NobodyListeningMeansNothingWasSent) {
  f.worker->base_url = "http://127.0.0.1:1/v1";
  const AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kTransport);
  EXPECT_EQ(r.failure->error.reason, "connect_refused");
  EXPECT_FALSE(r.sent);
  EXPECT_THAT(r.failure->error.message, HasSubstr("worker 'w'"));
}

TEST_F(Http, AWebPageIsNotAnAnswerWhateverItsStatus) {
  f.provider.headers = {{"Content-Type", "text/html; charset=utf-8"}};
  f.provider.body = "<html><head><title>Welcome to the portal</title></head></html>";
  AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kMalformed);
  EXPECT_EQ(r.failure->error.code, Code::kBadUpstream);
  r = Stream();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kMalformed);
  EXPECT_EQ(sink.events, 0);
  f.provider.status = 502;
  r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kServer);
  EXPECT_EQ(r.failure->error.upstream_status, 502);
}

TEST_F(Http, ARedirectIsNamedAndNotFollowed) {
  f.provider.status = 308;
  f.provider.headers = {{"Location", "http://127.0.0.1:1/elsewhere"}};
  const AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kMalformed);
  EXPECT_EQ(r.failure->error.reason, "redirect");
  EXPECT_THAT(r.failure->error.message, HasSubstr("base_url"));
  EXPECT_EQ(f.provider.requests, 1);
}

TEST_F(Http, RetryAfterComesInSecondsMillisecondsOrAsADate) {
  f.provider.status = 429;
  f.provider.body = R"({"error":{"message":"slow down","type":"rate_limit_error"}})";
  f.provider.headers = {{"Content-Type", "application/json"}, {"Retry-After", "7"}};
  AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kRateLimited);
  EXPECT_EQ(*r.failure->error.retry_after, seconds(7));
  EXPECT_EQ(r.failure->error.upstream_status, 429);
  f.provider.headers.emplace_back("Retry-After-Ms", "250");
  r = Whole();
  EXPECT_EQ(*r.failure->error.retry_after, milliseconds(250));
  f.provider.headers = {{"Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT"}};
  r = Whole();
  ASSERT_TRUE(r.failure->error.retry_after);
  EXPECT_GT(*r.failure->error.retry_after, seconds(3600));
}

TEST_F(Http, TheClientsFaultKeepsTheProvidersWords) {
  f.provider.status = 400;
  f.provider.body = R"({"error":{"message":"temperature must be at most 2","type":"invalid_request_error",)"
                    R"("param":"temperature","code":"out_of_range"}})";
  const AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kClientRequest);
  EXPECT_EQ(r.failure->error.code, Code::kUpstreamRejected);
  EXPECT_EQ(r.failure->error.param, "temperature");
  EXPECT_THAT(r.failure->error.message, HasSubstr("temperature must be at most 2"));
}

TEST_F(Http, AProviderThatEchoesTheKeyDoesNotGiveItAway) {
  f.worker->key = Secret("hunter2hunter2");
  for (int status : {400, 401, 500}) {
    f.provider.status = status;
    f.provider.body = R"({"error":{"message":"what is 'hunter2hunter2' or hunter2hunter2?"}})";
    const AttemptResult r = Whole();
    ASSERT_TRUE(r.failure);
    EXPECT_THAT(r.failure->error.message, Not(HasSubstr("hunter2hunter2")));
  }
}

TEST_F(Http, EndlessErrorBodiesAreCutShort) {
  f.limits.max_error_bytes = 1000;
  f.provider.status = 500;
  f.provider.chunked = true;
  f.provider.pieces.assign(64, std::string(100'000, 'x'));
  const AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kServer);
  EXPECT_LT(r.failure->error.message.size(), 2000u);
}

TEST_F(Http, AnErrorWhoseBodyNeverEndsIsReadForAMomentOnly) {
  f.limits.error_body = milliseconds(60);
  f.provider.status = 503;
  f.provider.chunked = true;
  f.provider.pieces = {R"({"error":)"};
  f.provider.end = Provider::End::kStall;
  const AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kOverloaded);
}

TEST_F(Http, AnAnswerLongerThanAnyAnswerIsRefused) {
  f.limits.max_reply_bytes = 2000;
  f.provider.body = std::string(3000, ' ') + kAnswer;
  AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->fault, Fault::kMalformed);
  Streams(std::vector<std::string>(100, Chunk(R"("choices":[{"index":0,"delta":{"content":"again "}}])")));
  r = Stream();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.reason, "reply_too_large");
}

TEST_F(Http, NonsenseWithAGoodStatusIsTheWorkersFault) {
  for (const char* body : {"", "null", "[]", "{}", "{\"choices\": 3}", "not json", "{\"choices\":[{"}) {
    f.provider.body = body;
    const AttemptResult r = Whole();
    ASSERT_TRUE(r.failure) << body;
    EXPECT_EQ(r.failure->fault, Fault::kMalformed) << body;
    EXPECT_EQ(r.failure->error.code, Code::kBadUpstream) << body;
  }
}

TEST_F(Http, AServerThatIgnoresStreamingStillStreamsToTheClient) {
  f.provider.body = kAnswer;
  const AttemptResult r = Stream();
  ASSERT_FALSE(r.failure) << r.failure->error.message;
  EXPECT_EQ(sink.text, "4");
  EXPECT_EQ(sink.starts, 1);
  EXPECT_TRUE(r.response.raw.empty()) << "its bytes are no stream to pass on";
}

TEST_F(Http, AStreamAskedForWithoutAReaderIsFolded) {
  Streams(GoodStream());
  const AttemptResult r = f.Chat(f.Decode(kStreamQuestion), nullptr);
  ASSERT_FALSE(r.failure);
  EXPECT_EQ(chat::TextOf(r.response.choices[0].message), "two plus two is four");
}

TEST_F(Http, AWrongDefinitionSaysWhatIsWrong) {
  f.worker->base_url = "ftp://nowhere";
  AttemptResult r = Whole();
  ASSERT_TRUE(r.failure);
  EXPECT_EQ(r.failure->error.reason, "bad_base_url");
  EXPECT_FALSE(r.sent);
  HttpFixture other;
  other.worker->dialect = "klingon";
  r = other.Chat(other.Decode(kQuestion), nullptr);
  EXPECT_EQ(r.failure->error.reason, "unknown_dialect");
}

TEST_F(Http, ExplainCallsNobody) {
  EXPECT_TRUE(f.backend().Explain(f.Decode(kQuestion)));
  EXPECT_EQ(f.provider.requests, 0);
}

TEST_F(Http, EmbeddingsPassThrough) {
  f.provider.body = R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1]}],)"
                    R"("model":"e","usage":{"prompt_tokens":3,"total_tokens":3}})";
  auto request = provider::FindClientCodec("openai")->DecodeEmbed(R"({"model":"baton","input":"hello"})", {});
  ASSERT_TRUE(request);
  std::optional<Backend::EmbedResult> out;
  struct Asked {
    static Task<void> Run(Backend* b, const chat::EmbedRequest* q, std::optional<Backend::EmbedResult>* to) {
      Backend::EmbedResult got = co_await b->Embed(*q, Deadline(), nullptr);
      to->emplace(std::move(got));
    }
  };
  Backend& backend = f.backend();
  f.loop().Await([&] { return Asked::Run(&backend, &*request, &out); });
  ASSERT_TRUE(out && !out->failure) << out->failure->error.message;
  EXPECT_EQ(out->response.raw, f.provider.body);
  EXPECT_EQ(out->response.usage.input, 3);
  EXPECT_EQ(f.provider.target, "/v1/embeddings");
  f.provider.status = 503;
  f.loop().Await([&] { return Asked::Run(&backend, &*request, &out); });
  EXPECT_EQ(out->failure->fault, Fault::kOverloaded);
}

}  // namespace
}  // namespace baton::pool
