#include "mock/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "net/client.h"
#include "net/test_peer.h"
#include "provider/dialect.h"

namespace baton::mock {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Got {
  int status = 0;
  net::HeaderList headers;
  std::string body, error;
  std::string Header(std::string_view name) const {
    for (const auto& [n, v] : headers) {
      if (n == name) return v;
    }
    return {};
  }
};

Task<void> Ask(net::Client* client, std::uint16_t port, net::ClientRequest request, Got* got) {
  const net::Origin origin{false, "127.0.0.1", port};
  auto sent = co_await client->Send(origin, std::move(request), net::PhaseTimeouts(), nullptr);
  if (!sent) {
    got->error = sent.error().Name();
    co_return;
  }
  std::unique_ptr<net::ClientResponse> response = std::move(*sent);
  got->status = response->status();
  for (const auto& h : response->headers()) {
    std::string name(h.name);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    got->headers.emplace_back(name, h.value);
  }
  for (;;) {
    auto piece = co_await response->Read();
    if (!piece) {
      got->error = piece.error().Name();
      co_return;
    }
    if (piece->empty()) co_return;
    got->body += *piece;
  }
}

// Reads the beginning of a reply and leaves.
Task<void> ReadOnePiece(net::Client* client, std::uint16_t port, net::ClientRequest request) {
  const net::Origin origin{false, "127.0.0.1", port};
  auto sent = co_await client->Send(origin, std::move(request), net::PhaseTimeouts(), nullptr);
  EXPECT_TRUE(sent);
  if (!sent) co_return;
  std::unique_ptr<net::ClientResponse> response = std::move(*sent);
  auto piece = co_await response->Read();
  EXPECT_TRUE(piece);
}

// A mock on a free port and a client beside it.
class MockTest : public testing::Test {
 protected:
  void Run(Options options) {
    mock_ = thread_.Call([&] { return std::move(*Start(thread_.loop(), std::move(options))); });
    client_ = thread_.Call([&] { return net::Client::Create(thread_.loop(), {}); });
  }
  void Script(std::string_view text) {
    auto script = ParseScript(text);
    ASSERT_TRUE(script) << script.error().message;
    Options options;
    options.script = std::move(*script);
    Run(std::move(options));
  }
  void TearDown() override {
    if (!mock_) return;
    thread_.Call([&] {
      client_.reset();
      return 0;
    });
    thread_.Await([&] { return mock_->Drain(std::chrono::seconds(1)); });
    thread_.Call([&] {
      mock_.reset();
      return 0;
    });
  }
  Got Send(std::string method, std::string target, std::string body, net::HeaderList headers = {}) {
    net::ClientRequest request;
    request.method = method;
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers = std::move(headers);
    Got got;
    thread_.Await([&] { return Ask(client_.get(), mock_->port(), std::move(request), &got); });
    return got;
  }
  Got Chat(const std::string& text, bool stream = false) {
    nlohmann::json body = {{"model", "m"}, {"messages", {{{"role", "user"}, {"content", text}}}}};
    if (stream) body["stream"] = true;
    return Send("POST", "/v1/chat/completions", body.dump());
  }

  net::LoopThread thread_;
  std::unique_ptr<MockServer> mock_;
  std::unique_ptr<net::Client> client_;
};

constexpr char kAnthropic[] =
    R"({"model":"m","max_tokens":100,"messages":[{"role":"user","content":"2 + 2"}]})";
constexpr char kGemini[] = R"({"contents":[{"role":"user","parts":[{"text":"2 + 2"}]}]})";

TEST_F(MockTest, AnswersWithoutAScript) {
  Run({});
  const Got got = Chat("What is 17 * 23?");
  EXPECT_EQ(got.status, 200);
  const auto json = nlohmann::json::parse(got.body);
  EXPECT_EQ(json["choices"][0]["message"]["content"], "[simulated] 17 * 23 = 391.");
  EXPECT_EQ(json["usage"]["completion_tokens"], 7) << "the label's eleven bytes are two tokens";
}

TEST_F(MockTest, TheSameRequestGivesTheSameBytes) {
  Run({});
  EXPECT_EQ(Chat("hello", true).body, Chat("hello", true).body);
  EXPECT_EQ(Chat("hello").body, Chat("hello").body);
}

TEST_F(MockTest, EveryDialectIsSpokenOnTheOnePort) {
  Run({});
  if (provider::FindClientCodec("anthropic")) {
    const Got got = Send("POST", "/v1/messages", kAnthropic, {{"anthropic-version", "2023-06-01"}});
    EXPECT_EQ(got.status, 200) << got.body;
    EXPECT_THAT(got.body, HasSubstr("2 + 2 = 4."));
    EXPECT_EQ(Send("POST", "/v1/messages", kAnthropic).status, 400) << "the version header is required";
  }
  if (provider::FindClientCodec("gemini")) {
    const Got got = Send("POST", "/v1beta/models/m:generateContent", kGemini);
    EXPECT_EQ(got.status, 200) << got.body;
    EXPECT_THAT(got.body, HasSubstr("2 + 2 = 4."));
    const Got stream = Send("POST", "/v1beta/models/m:streamGenerateContent?alt=sse", kGemini);
    EXPECT_THAT(stream.body, HasSubstr("data: "));
    EXPECT_THAT(stream.body, HasSubstr("usageMetadata"));
  }
}

TEST_F(MockTest, RefusesWhatAProviderRefuses) {
  Options options;
  options.require_key = "right";
  options.models = {"known"};
  Run(std::move(options));
  const std::string body = R"({"model":"other","messages":[{"role":"user","content":"x"}]})";
  EXPECT_EQ(Send("POST", "/v1/chat/completions", body).status, 401);
  EXPECT_EQ(Send("POST", "/v1/chat/completions", body, {{"authorization", "Bearer wrong"}}).status, 401);
  const net::HeaderList key = {{"authorization", "Bearer right"}};
  EXPECT_EQ(Send("POST", "/v1/chat/completions", body, key).status, 404);
  EXPECT_EQ(Send("POST", "/v1/chat/completions", "{", key).status, 400);
  EXPECT_EQ(Send("GET", "/v1/chat/completions", "", key).status, 405);
  EXPECT_EQ(Send("POST", "/v1/nothing", "", key).status, 404);
  EXPECT_THAT(Send("GET", "/v1/models", "", key).body, HasSubstr("\"known\""));
}

TEST_F(MockTest, ErrorsCarryTheScriptsWordsAndHeaders) {
  Script(
      "rules: [{times: 1, fault: {status: 429, headers: {retry-after: 7}, error: {type: requests, code: "
      "slow, message: later}}}]");
  const Got got = Chat("x");
  EXPECT_EQ(got.status, 429);
  EXPECT_EQ(got.Header("retry-after"), "7");
  EXPECT_EQ(nlohmann::json::parse(got.body)["error"],
            nlohmann::json::parse(R"({"message":"later","type":"requests","param":null,"code":"slow"})"));
  EXPECT_EQ(Chat("x").status, 200) << "the rule applies once";
}

TEST_F(MockTest, RulesWaitAndRunOut) {
  Script("rules: [{contains: a, after: 1, times: 1, reply: second}, {contains: a, reply: any}]");
  EXPECT_THAT(Chat("a").body, HasSubstr("any"));
  EXPECT_THAT(Chat("a").body, HasSubstr("second"));
  EXPECT_THAT(Chat("a").body, HasSubstr("any"));
  EXPECT_THAT(Chat("b").body, HasSubstr("You said: b"));
}

TEST_F(MockTest, ACutReplyBreaksTheConnection) {
  Script("rules: [{fault: {cut_after: 50}}]");
  for (const bool stream : {false, true}) {
    const Got got = Chat("hello", stream);
    EXPECT_EQ(got.body.size(), 50u);
    EXPECT_EQ(got.error, "closed_in_body");
  }
}

TEST_F(MockTest, AClosedConnectionIsNoReply) {
  Script("rules: [{fault: {close_before_reply: true}}]");
  EXPECT_EQ(Chat("hello").error, "closed_before_reply");
}

TEST_F(MockTest, HtmlAndRedirectsAreNoJson) {
  Script(
      "rules: [{contains: page, fault: {html: true}}, {contains: move, fault: {status: 302, headers: "
      "{location: /x}}}]");
  const Got page = Chat("page");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.Header("content-type"), HasSubstr("text/html"));
  const Got moved = Chat("move");
  EXPECT_EQ(moved.status, 302);
  EXPECT_EQ(moved.Header("location"), "/x");
}

TEST_F(MockTest, StreamsBreakAsScripted) {
  Script(
      "rules: [{contains: bad, fault: {malformed_sse: true}}, {contains: band, fault: {in_band_error: true}},"
      "{contains: open, fault: {no_done: true}}]");
  EXPECT_THAT(Chat("bad", true).body, HasSubstr("data: {\"broken\": \n\n"));
  const Got band = Chat("band", true);
  EXPECT_THAT(band.body, HasSubstr("\"error\""));
  EXPECT_THAT(band.body, Not(HasSubstr("[DONE]")));
  EXPECT_THAT(Chat("open", true).body, Not(HasSubstr("[DONE]")));
  EXPECT_THAT(Chat("fine", true).body, HasSubstr("data: [DONE]\n\n"));
}

TEST_F(MockTest, SplitBytesGiveTheSameBody) {
  Script("rules: [{contains: split, fault: {split_bytes: 1}}]");
  const Got got = Chat("split déjà vu", true);
  EXPECT_EQ(got.error, "");
  EXPECT_THAT(got.body, HasSubstr("déjà"));
}

TEST_F(MockTest, UsageCanBeWrongOrMissing) {
  Script(
      "rules: [{contains: wrong, fault: {usage: wrong}}, {contains: none, fault: {usage: none}},"
      "{contains: half, fault: {usage: missing_output}}]");
  EXPECT_EQ(nlohmann::json::parse(Chat("wrong").body)["usage"]["completion_tokens"], -7);
  EXPECT_FALSE(nlohmann::json::parse(Chat("none").body).contains("usage"));
  const auto half = nlohmann::json::parse(Chat("half").body)["usage"];
  EXPECT_TRUE(half.contains("prompt_tokens"));
  EXPECT_FALSE(half.contains("completion_tokens"));
}

TEST_F(MockTest, TheScriptCanBeReplacedAndTheJournalRead) {
  Run({});
  EXPECT_EQ(Send("POST", "/mock/script", "rules: [{reply: replaced}]").status, 200);
  EXPECT_THAT(Chat("x").body, HasSubstr("replaced"));
  EXPECT_EQ(Send("POST", "/mock/script", "rules: 1").status, 400);
  EXPECT_THAT(Chat("x").body, HasSubstr("replaced")) << "a bad script changes nothing";
  const auto journal = nlohmann::json::parse(Send("GET", "/mock/requests", "").body);
  ASSERT_EQ(journal["requests"].size(), 2u);
  EXPECT_EQ(journal["requests"][0]["target"], "/v1/chat/completions");
  EXPECT_THAT(journal["requests"][0]["reply"].get<std::string>(), HasSubstr("replaced"));
  const auto stats = nlohmann::json::parse(Send("GET", "/mock/stats", "").body);
  EXPECT_EQ(stats["requests"], 2);
  EXPECT_EQ(stats["completed"], 2);
  EXPECT_EQ(Send("POST", "/mock/reset", "").status, 200);
  EXPECT_EQ(nlohmann::json::parse(Send("GET", "/mock/requests", "").body)["requests"].size(), 0u);
}

TEST_F(MockTest, TheJournalForgetsTheOldest) {
  Options options;
  options.keep_requests = 2;
  Run(std::move(options));
  for (const char* text : {"one", "two", "three"}) Chat(text);
  const auto journal = nlohmann::json::parse(Send("GET", "/mock/requests", "").body);
  ASSERT_EQ(journal["requests"].size(), 2u);
  EXPECT_THAT(journal["requests"][0]["body"].get<std::string>(), HasSubstr("two"));
}

TEST_F(MockTest, FastRepliesAreConstantAndOfTheAskedSize) {
  Options options;
  options.fast = true;
  options.fast_chunks = 20;
  Run(std::move(options));
  const Got got = Send("POST", "/v1/chat/completions", "not even JSON");
  EXPECT_EQ(got.status, 200);
  EXPECT_NEAR(static_cast<double>(got.body.size()), 1200, 20);
  EXPECT_TRUE(nlohmann::json::accept(got.body));
  const Got stream = Send("POST", "/v1/chat/completions", R"({"stream":true})");
  EXPECT_THAT(stream.body, HasSubstr("data: [DONE]"));
}

TEST_F(MockTest, EmbeddingsAreUnitVectors) {
  Run({});
  const Got got = Send("POST", "/v1/embeddings", R"({"model":"m","input":["a b","c"],"dimensions":8})");
  const auto json = nlohmann::json::parse(got.body);
  ASSERT_EQ(json["data"].size(), 2u);
  ASSERT_EQ(json["data"][1]["embedding"].size(), 8u);
  EXPECT_EQ(json["usage"]["prompt_tokens"], 3);
}

TEST_F(MockTest, AClientThatLeavesIsCounted) {
  Script("rules: [{fault: {stall_after: 10}}]");
  net::ClientRequest request;
  request.target = "/v1/chat/completions";
  request.body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]})";
  thread_.Await([&] { return ReadOnePiece(client_.get(), mock_->port(), std::move(request)); });
  // Asked until the server has seen the close: no sleep, each question is a round trip.
  for (int i = 0; i < 10'000; ++i) {
    const auto stats = nlohmann::json::parse(Send("GET", "/mock/stats", "").body);
    if (stats["running"] == 0) {
      EXPECT_EQ(stats["aborted"], 1);
      return;
    }
  }
  FAIL() << "the abort was never noticed";
}

}  // namespace
}  // namespace baton::mock
