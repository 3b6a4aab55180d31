// Streamed replies, slow clients, clients that leave, draining.
#include <gmock/gmock.h>

#include <atomic>

#include "base/signal.h"
#include "net/server.h"
#include "net/test_peer.h"

namespace baton::net {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void Ignore(const Status& status) {
  (void)status;
}

const HeaderList kEventStream = {{"Content-Type", "text/event-stream"}};

Task<void> ThreeChunks(Request& request, Reply& reply) {
  (void)request;
  reply.Start(200, kEventStream);
  reply.Write("one");
  reply.Write("two");
  Ignore(co_await reply.Flush());
  reply.Write("three");
  Ignore(co_await reply.Flush());
  reply.Write("four");
  Ignore(co_await reply.Finish());
}

TEST(ServerStream, OneChunkPerFlush) {
  TestServer server(ThreeChunks);
  RawClient client(server.port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(client.ReadUntil("0\r\n\r\n"), "6\r\nonetwo\r\n5\r\nthree\r\n4\r\nfour\r\n0\r\n\r\n");
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("0\r\n\r\n"), HasSubstr("200 OK")) << "the connection is kept";
}

TEST(ServerStream, AnOldClientGetsTheBodyUpToTheEndOfTheConnection) {
  TestServer server(ThreeChunks);
  RawClient client(server.port());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  const std::string all = client.ReadToEnd();
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
  EXPECT_THAT(all, HasSubstr("Connection: close\r\n\r\nonetwothreefour"));
}

TEST(ServerStream, HeadGetsNoBody) {
  TestServer server(ThreeChunks);
  RawClient client(server.port());
  client.Send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.0\r\n\r\n");
  const std::string all = client.ReadToEnd();
  EXPECT_THAT(all, HasSubstr("chunked\r\n"));
  EXPECT_THAT(all.substr(all.find("\r\n\r\n")), StartsWith("\r\n\r\nHTTP/1.1 200 OK"));
}

Task<void> Lengths(Request& request, Reply& reply) {
  const HeaderList bad = {{"X-Bad", "a\r\nSet-Cookie: b"}, {"Content-Length", "999"}};
  const int status = request.path == "/204" ? 204 : 200;
  Ignore(co_await reply.Send(status, bad, "body"));
}

TEST(ServerReply, HeadersThatWouldForgeOthersAreDroppedAndCounted) {
  TestServer server(Lengths);
  RawClient client(server.port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string all = client.ReadToEnd();
  EXPECT_THAT(all, Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(all, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_EQ(server.Metric("baton_http_dropped_headers_total"), "1");
}

TEST(ServerReply, HeadAndNoContentHaveNoBody) {
  TestServer server(Lengths);
  RawClient client(server.port());
  client.Send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Content-Length: 4\r\n"));
  client.Send("GET /204 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 204 "), Not(HasSubstr("Content-Length"))));
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 200 "));
}

TEST(ServerReply, OldClientsMayKeepTheConnection) {
  TestServer server(Lengths);
  RawClient client(server.port());
  client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Connection: keep-alive\r\n"));
  client.ReadUntil("body");
  client.Send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), HasSubstr("Connection: close\r\n"));
}

Task<void> Silent(Request&, Reply&) {
  co_return;
}

TEST(ServerReply, AHandlerThatSaysNothingGivesA500) {
  TestServer server(Silent);
  RawClient client(server.port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
  EXPECT_EQ(server.Refused("no_reply"), "1");
}

Task<void> CutOff(Request& request, Reply& reply) {
  reply.Start(200, kEventStream);
  reply.Write("half");
  Ignore(co_await reply.Flush());
  if (request.path == "/abort") reply.Abort();
}

TEST(ServerReply, ACutAnswerCannotBeTakenForAWholeOne) {
  TestServer server(CutOff);
  for (const char* path : {"/abort", "/forgotten"}) {
    RawClient client(server.port());
    client.Send(std::string("GET ") + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(client.ReadToEnd(), Not(HasSubstr("0\r\n\r\n"))) << path;
  }
}

struct Waiting {
  explicit Waiting(Loop& l) : loop(l), go(l) {}
  Loop& loop;
  Signal go;
  std::atomic<int> inside = 0;
  std::atomic<int> ended = 0;
  std::atomic<Cancel::Why> why = Cancel::Why::kNot;
  std::string seen;
};

Task<void> WaitUntilToldOrGone(Waiting* w, Request& request, Reply& reply) {
  ++w->inside;
  Cancel& gone = reply.gone();
  co_await w->go.Wait(&gone);
  w->why = gone.why();
  w->seen = std::string(request.path) + " " + std::string(request.Header("x-mark")) + " " + request.body;
  const HeaderList none;
  Status sent = co_await reply.Send(200, none, "late");
  if (w->why == Cancel::Why::kClientGone) {
    EXPECT_EQ(sent.error().code, Code::kCancelled);
  }
  ++w->ended;
}

// Waits (without a clock) until `done`; the test's own time limit is ctest's.
template <class Fn>
void Until(Fn done) {
  while (!done()) std::this_thread::yield();
}

// A server whose handler waits for a word, made on the server's own loop.
class WaitingServer {
 public:
  explicit WaitingServer(ServerOptions options = {})
      : server([this](Request& r, Reply& p) { return WaitUntilToldOrGone(state(), r, p); },
               std::move(options)) {}
  ~WaitingServer() {
    server.Drain();
    server.thread().Call([&] {
      state_.reset();
      return 0;
    });
  }
  Waiting* state() {
    if (!state_) state_ = std::make_unique<Waiting>(server.thread().loop());
    return state_.get();
  }
  Waiting& Entered() {
    Until([&] { return server.thread().Call([&] { return state()->inside.load(); }) > 0; });
    return *state_;
  }
  void Go() {
    server.thread().Call([&] {
      state()->go.Set();
      return 0;
    });
  }

 private:
  std::unique_ptr<Waiting> state_;

 public:
  TestServer server;
};

TEST(ServerGone, AClientThatClosesIsNoticedWhileTheHandlerRuns) {
  WaitingServer w;
  RawClient client(w.server.port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  Waiting& state = w.Entered();
  client.Close();
  Until([&] { return state.ended == 1; });
  EXPECT_EQ(state.why, Cancel::Why::kClientGone);
}

TEST(ServerGone, SoAreAResetAndAHalfClose) {
  for (const bool reset : {true, false}) {
    WaitingServer w;
    RawClient client(w.server.port());
    client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    Waiting& state = w.Entered();
    if (reset) {
      client.Reset();
    } else {
      client.ShutdownSend();
    }
    Until([&] { return state.ended == 1; });
    EXPECT_EQ(state.why, Cancel::Why::kClientGone);
  }
}

TEST(ServerGone, WhatArrivesMeanwhileNeitherDisturbsTheRequestNorIsLost) {
  WaitingServer w;
  RawClient client(w.server.port());
  client.Send("POST /first HTTP/1.1\r\nHost: a\r\nX-Mark: m\r\nContent-Length: 3\r\n\r\nabc");
  Waiting& state = w.Entered();
  // More than any buffer of the connection holds.
  std::string more;
  for (int i = 0; i < 2000; ++i)
    more += "GET /next HTTP/1.1\r\nHost: a\r\nX-Pad: " + std::string(100, 'p') + "\r\n\r\n";
  std::thread sender([&] { client.Send(more); });
  Until([&] { return w.server.connections() == 1; });
  w.Go();
  Until([&] { return state.ended >= 1; });
  EXPECT_EQ(w.server.thread().Call([&] { return state.seen; }), "/first m abc");
  for (int i = 0; i < 2000; ++i) {
    w.Go();
    ASSERT_THAT(client.ReadUntil("late"), HasSubstr("200 OK")) << i;
  }
  sender.join();
}

struct Flood {
  std::atomic<std::size_t> written = 0;
  std::atomic<bool> ended = false;
  std::atomic<Code> last = Code::kInternal;
};

Task<void> WriteWithoutEnd(Flood* flood, Request&, Reply& reply) {
  const std::string block(64 * 1024, 'x');
  reply.Start(200, kEventStream);
  Status status;
  while (status) {
    reply.Write(block);
    status = co_await reply.Flush();
    flood->written += block.size();
  }
  flood->last = status.error().code;
  flood->ended = true;
}

TEST(ServerStream, ASlowClientHoldsTheHandlerBackAndIsCutOffInTheEnd) {
  Flood flood;
  ServerOptions options;
  options.limits.write = milliseconds(300);
  TestServer server([&](Request& r, Reply& p) { return WriteWithoutEnd(&flood, r, p); }, std::move(options));
  RawClient client(server.port(), 4096);
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  Until([&] { return flood.ended.load(); });
  EXPECT_EQ(flood.last, Code::kCancelled);
  // The kernel's buffers hold a few megabytes, we the high-water mark; without back-pressure it would be
  // gigabytes.
  EXPECT_LT(flood.written, 64u << 20);
  EXPECT_EQ(server.Refused("slow_client"), "1");
}

Task<void> SendText(const std::string* text, Reply& reply) {
  const HeaderList none;
  Ignore(co_await reply.Send(200, none, *text));
}

TEST(ServerStream, AClientThatReadsSlowlyGetsEverything) {
  std::string body(8 << 20, 'y');
  body.back() = '!';
  TestServer server([&](Request&, Reply& p) { return SendText(&body, p); });
  RawClient client(server.port(), 4096);
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string all = client.ReadToEnd();
  EXPECT_EQ(all.size() - all.find("\r\n\r\n") - 4, body.size());
}

TEST(ServerStream, AStreamStopsWhenItsClientLeaves) {
  Flood flood;
  TestServer server([&](Request& r, Reply& p) { return WriteWithoutEnd(&flood, r, p); });
  RawClient client(server.port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(client.ReadSome().empty());
  client.Close();
  Until([&] { return flood.ended.load(); });
  EXPECT_EQ(flood.last, Code::kCancelled);
}

TEST(ServerDrain, LetsARunningRequestEndAndClosesIdleConnections) {
  WaitingServer w;
  RawClient idle(w.server.port()), busy(w.server.port());
  busy.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  Waiting& state = w.Entered();
  Until([&] { return w.server.connections() == 2; });
  std::thread drain(
      [&] { w.server.thread().Await([&] { return w.server.server().Drain(std::chrono::hours(1)); }); });
  EXPECT_EQ(idle.ReadToEnd(), "");
  w.Go();
  const std::string reply = busy.ReadToEnd();
  EXPECT_THAT(reply, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Connection: close\r\n")));
  busy.Close();
  drain.join();
  EXPECT_EQ(state.why, Cancel::Why::kNot);
}

TEST(ServerDrain, FiresShutdownWhenTheGraceIsOver) {
  WaitingServer w;
  RawClient client(w.server.port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  Waiting& state = w.Entered();
  w.server.Drain(milliseconds(20));
  EXPECT_EQ(state.why, Cancel::Why::kShutdown);
  EXPECT_EQ(state.ended, 1);
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 200 ")) << "the handler could still say so";
}

TEST(ServerExpect, ContinueIsSaidOnceTheBodyIsAwaited) {
  TestServer server(Lengths);
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("hi");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

Task<void> Slack(Request& request, Reply& reply) {
  const HeaderList headers = {
      {"X-Enough", request.body.capacity() >= request.body.size() + kBodyPadding ? "yes" : "no"},
      {"X-Query", std::string(request.query)},
      {"X-Path", std::string(request.path)}};
  Ignore(co_await reply.Send(200, headers, ""));
}

TEST(ServerRequest, BodiesHaveReadableSlack) {
  TestServer server(Slack);
  RawClient client(server.port());
  for (const std::size_t size : {0u, 1u, 15u, 16u, 100u, 8000u, 65536u, 70000u, 1'000'000u}) {
    client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                std::string(size, 'x'));
    EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("X-Enough: yes")) << size;
  }
}

TEST(ServerRequest, UnderstandsAbsoluteTargets) {
  TestServer server(Slack);
  RawClient client(server.port());
  client.Send("GET http://host/p/q?r=s HTTP/1.1\r\nHost: host\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"),
              AllOf(HasSubstr("X-Path: /p/q\r\n"), HasSubstr("X-Query: r=s\r\n")));
  client.Send("GET http://host HTTP/1.1\r\nHost: host\r\n\r\n");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("X-Path: /\r\n"));
}

}  // namespace
}  // namespace baton::net
