// The streamable HTTP transport against a server on a real socket that we play ourselves.
#include <gtest/gtest.h>

#include "base/signal.h"
#include "mcp/fake_server.h"
#include "mcp/session.h"
#include "net/server.h"

namespace baton::mcp {
namespace {

using namespace std::chrono_literals;

// What the server saw of a request.
struct Seen {
  std::string method, session, version, accept, auth;
};

// What it does.
struct Answer {
  int status = 200;
  std::string type = "application/json", body;
  net::HeaderList headers;
  bool hang = false;  // until the client leaves
  bool cut = false;   // the connection breaks behind the body
};

struct Play {
  std::function<Answer(const Message&, int number)> answer;  // number: of the request, from 0
  int calls = 1;
  Duration deadline = 30s;
  Limits limits;
  std::vector<Seen> seen;
  std::vector<std::string> ends;
};

// By the book: a handshake with a session, then text.
Answer ByTheBook(const Message& m) {
  Answer a;
  if (m.method == "initialize") {
    a.headers.emplace_back("Mcp-Session-Id", "s-1");
    a.body = MakeReply(
        m.request_id,
        R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"h"}})");
  } else if (m.kind == Message::Kind::kNotification) {
    a.status = 202;
  } else {
    a.body = MakeReply(m.request_id, R"({"content":[{"type":"text","text":"over http"}]})");
  }
  return a;
}

Task<void> Serve(Play* play, Loop* loop, net::Request& request, net::Reply& reply) {
  auto message = ReadMessage(request.body);
  EXPECT_TRUE(message) << request.body;
  play->seen.push_back({message->method, std::string(request.Header("mcp-session-id")),
                        std::string(request.Header("mcp-protocol-version")),
                        std::string(request.Header("accept")), std::string(request.Header("authorization"))});
  const Answer a = play->answer(*message, static_cast<int>(play->seen.size()) - 1);
  if (a.hang) {
    (void)co_await loop->Sleep(60s, &reply.gone());
    co_return;
  }
  net::HeaderList headers = a.headers;
  headers.emplace_back("content-type", a.type);
  if (!a.cut) {
    (void)co_await reply.Send(a.status, headers, a.body);
    co_return;
  }
  reply.Start(a.status, headers);
  reply.Write(a.body);
  (void)co_await reply.Flush();
  reply.Abort();
}

Task<void> RunPlay(net::IoLoop* loop, Play* play) {
  net::ServerOptions options;
  options.port = 0;
  auto server = net::Server::Listen(
      *loop, options, [play, loop](net::Request& q, net::Reply& r) { return Serve(play, loop, q, r); });
  EXPECT_TRUE(server);
  auto client = net::Client::Create(*loop, {});
  HttpOptions http;
  http.endpoint = std::make_shared<net::Endpoint>(net::Url{{false, "127.0.0.1", (*server)->port()}, "/mcp"},
                                                  "Authorization", Secret("Bearer k"));
  http.name = "far";
  http.limits = play->limits;
  SessionOptions wanted;
  wanted.name = "far";
  wanted.limits = play->limits;
  const auto session = Session::Create(*loop, OverHttp(*loop, *client, std::move(http)), std::move(wanted));
  const chat::ToolCall call = CallOf("t");
  for (int i = 0; i < play->calls; ++i) {
    const Session::Called called = co_await session->CallTool(call, Soon(*loop, play->deadline), nullptr);
    play->ends.push_back(Outcome(called));
  }
  session->Close();
  co_await (*server)->Drain(0s);
}

std::string End(Play& play) {
  net::RunBlocking([&play](net::IoLoop& loop) { return RunPlay(&loop, &play); });
  return play.ends.empty() ? "nothing" : play.ends.back();
}
std::string End(std::function<Answer(const Message&, int)> answer) {
  Play play;
  play.answer = std::move(answer);
  return End(play);
}

TEST(McpHttp, TheHandshakesSessionAndVersionAreOnEveryLaterRequest) {
  Play play;
  play.calls = 2;
  play.answer = [](const Message& m, int) { return ByTheBook(m); };
  EXPECT_EQ(End(play), "over http");
  ASSERT_EQ(play.seen.size(), 4u);
  EXPECT_EQ(play.seen[0].method, "initialize");
  EXPECT_EQ(play.seen[0].session + play.seen[0].version, "");
  EXPECT_EQ(play.seen[1].method, "notifications/initialized");
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(play.seen[i].session, "s-1");
    EXPECT_EQ(play.seen[i].version, "2025-06-18");
  }
  for (const Seen& s : play.seen) {
    EXPECT_EQ(s.accept, "application/json, text/event-stream");
    EXPECT_EQ(s.auth, "Bearer k");
  }
}

TEST(McpHttp, AStreamMayHoldOtherMessagesBeforeTheAnswer) {
  int pongs = 0;
  EXPECT_EQ(End([&pongs](const Message& m, int) {
              if (m.kind == Message::Kind::kReply) {
                ++pongs;
                Answer a;
                a.status = 202;
                return a;
              }
              Answer a = ByTheBook(m);
              if (m.method != "tools/call") return a;
              a.type = "text/event-stream";
              a.body =
                  ": hello\n\nevent: message\ndata: " + MakeNotification("notifications/progress", "{}") +
                  "\n\ndata: " + MakeRequest(77, "ping", "") +
                  "\n\ndata: not json\n\ndata: " + MakeReply("99", "{}") + "\n\nid: 1\ndata: " + a.body +
                  "\n\n";
              return a;
            }),
            "over http");
  EXPECT_EQ(pongs, 1) << "the server's ping was answered with a POST";
}

TEST(McpHttp, ASessionThatTheServerForgotIsMadeAnewOnceAndTheCallIsNotLost) {
  Play play;
  play.answer = [](const Message& m, int number) {
    if (number != 2) return ByTheBook(m);
    Answer a;
    a.status = 404;
    return a;
  };
  EXPECT_EQ(End(play), "over http");
  ASSERT_EQ(play.seen.size(), 6u);
  EXPECT_EQ(play.seen[3].method, "initialize");
  EXPECT_EQ(play.seen[3].session, "") << "the new handshake names no session";
}

TEST(McpHttp, AServerThatForgetsEveryTimeIsGivenUp) {
  EXPECT_EQ(End([](const Message& m, int) {
              Answer a = ByTheBook(m);
              if (m.method == "tools/call") a.status = 404;
              return a;
            }),
            "tool_session_gone");
}

TEST(McpHttp, EveryKindOfRefusalHasItsName) {
  const std::pair<int, const char*> kCases[] = {{401, "tool_auth"},        {403, "tool_auth"},
                                                {429, "tool_overloaded"},  {503, "tool_overloaded"},
                                                {500, "tool_http_status"}, {307, "tool_http_status"},
                                                {400, "tool_http_status"}, {405, "tool_http_status"}};
  for (const auto& [status, reason] : kCases) {
    EXPECT_EQ(End([status = status](const Message& m, int) {
                Answer a = ByTheBook(m);
                if (m.method == "tools/call") a.status = status;
                return a;
              }),
              reason)
        << status;
  }
}

TEST(McpHttp, WhatIsNoAnswerIsSaidToBeNone) {
  const std::pair<Answer, const char*> kCases[] = {
      {{200, "text/html", "<h1>hello</h1>", {}}, "tool_garbage"},
      {{200, "application/json", "{]", {}}, "tool_garbage"},
      {{200, "application/json", R"({"jsonrpc":"2.0","id":99,"result":{}})", {}}, "tool_garbage"},
      {{200, "application/json", R"({"jsonrpc":"2.0","method":"x"})", {}}, "tool_garbage"},
      {{200, "text/event-stream", "data: {}\n\n", {}}, "tool_server_died"},
      {{200, "text/event-stream", "", {}}, "tool_server_died"},
      {{200, "application/json", R"({"jsonrpc":"2.0","id":2,"result":7})", {}}, "tool_garbage"},
      {{200, "application/json", std::string(300'000, ' '), {}}, "reply_too_large"},
      {{200, "text/event-stream", "data: " + std::string(300'000, 'x') + "\n\n", {}}, "event_too_large"},
  };
  for (const auto& [answer, reason] : kCases) {
    Play play;
    play.limits.max_message = 200'000;
    play.answer = [&a = answer](const Message& m, int) {
      return m.method == "tools/call" ? a : ByTheBook(m);
    };
    EXPECT_EQ(End(play), reason) << answer.type << " " << answer.body.substr(0, 60);
  }
}

TEST(McpHttp, ACutStreamIsAnErrorNotAnAnswer) {
  EXPECT_EQ(End([](const Message& m, int) {
              Answer a = ByTheBook(m);
              if (m.method != "tools/call") return a;
              a.type = "text/event-stream";
              a.body = "data: {\"jsonrpc\"";
              a.cut = true;
              return a;
            }),
            "closed_in_body");
}

TEST(McpHttp, AServerThatNeverAnswersIsTold) {
  Play play;
  play.deadline = 300ms;
  play.answer = [](const Message& m, int) {
    Answer a = ByTheBook(m);
    a.hang = m.method == "tools/call";
    return a;
  };
  EXPECT_EQ(End(play), "tool_timeout");
  ASSERT_EQ(play.seen.size(), 4u);
  EXPECT_EQ(play.seen[3].method, "notifications/cancelled");
}

}  // namespace
}  // namespace baton::mcp
