// Every way a worker can fail the client, and what the client says then.
#include <gtest/gtest.h>

#include <atomic>

#include "net/test_script.h"

namespace baton::net {
namespace {

using std::chrono::milliseconds;

TEST(ClientFailure, NobodyListens) {
  std::uint16_t port = 0;
  { port = ScriptServer({}).port; }
  TestClient client;
  const Got got = client.Ask(port);
  EXPECT_EQ(got.error, "connect_refused");
  EXPECT_EQ(got.code, Code::kUnavailable);
}

TEST(ClientFailure, ANameThatDoesNotExist) {
  TestClient client;
  Got got;
  client.thread.Await([&] {
    return TestClient::Run(&client.client(), {false, "no-such-host.invalid", 80}, TestClient::Hello(), {},
                           nullptr, &got);
  });
  EXPECT_EQ(got.error, "dns_failed");
}

TEST(ClientFailure, TimeoutsArePerPhase) {
  PhaseTimeouts slow_head;
  slow_head.first_byte = milliseconds(20);
  PhaseTimeouts slow_body;
  slow_body.between_bytes = milliseconds(20);
  ScriptServer server({SayAndStall(""), SayAndStall("HTTP/1.1 200"),
                       SayAndStall("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")});
  TestClient client;
  EXPECT_EQ(client.Ask(server.port, slow_head).error, "first_byte_timeout");
  EXPECT_EQ(client.Ask(server.port, slow_head).error, "first_byte_timeout");
  const Got got = client.Ask(server.port, slow_body);
  EXPECT_EQ(got.error, "between_bytes_timeout");
  EXPECT_EQ(got.status, 200);
}

TEST(ClientFailure, TheWholeDeadlineCutsEveryPhase) {
  ScriptServer server({SayAndStall(""), SayAndStall("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")});
  TestClient client;
  for (int i = 0; i < 2; ++i) {
    PhaseTimeouts timeouts;
    timeouts.whole = Deadline::In(SystemClock(), milliseconds(20));
    const Got got = client.Ask(server.port, timeouts);
    EXPECT_EQ(got.error, "deadline");
    EXPECT_EQ(got.code, Code::kDeadline);
  }
}

TEST(ClientCancel, BeforeItIsSent) {
  TestClient client;
  Cancel cancel;
  cancel.Fire(Cancel::Why::kClientGone);
  EXPECT_EQ(client.Ask(1, {}, &cancel).code, Code::kCancelled);
}

// Cancels from the server's script, at the moment the script chooses.
void ExpectCancelled(std::string said, int status) {
  TestClient client;
  Cancel cancel;
  std::atomic<bool> closed = false;
  ScriptServer server({[&](int fd) {
    TakeRequest(fd);
    Say(fd, said);
    client.thread.loop().Post([&] { cancel.Fire(Cancel::Why::kClientGone); });
    AwaitEnd(fd);
    closed = true;
  }});
  const Got got = client.Ask(server.port, {}, &cancel);
  EXPECT_EQ(got.code, Code::kCancelled) << said;
  if (status) {
    EXPECT_EQ(got.status, status);
  }
  while (!closed) std::this_thread::yield();  // the worker sees the connection close
}

TEST(ClientCancel, WhileWaitingForTheHead) {
  ExpectCancelled("", 0);
}
TEST(ClientCancel, InsideTheHead) {
  ExpectCancelled("HTTP/1.1 200", 0);
}
TEST(ClientCancel, InsideTheBody) {
  ExpectCancelled("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", 0);
}

TEST(ClientCancel, WhileSendingALargeBody) {
  TestClient client;
  Cancel cancel;
  std::atomic<bool> gave_up = false;
  ScriptServer server({[&](int fd) {
    char byte;
    (void)!recv(fd, &byte, 1, 0);
    client.thread.loop().Post([&] { cancel.Fire(Cancel::Why::kLostRace); });
    // Does not read meanwhile, so that the body cannot all be sent.
    while (!gave_up) std::this_thread::yield();
    AwaitEnd(fd);
  }});
  ClientRequest request = TestClient::Hello();
  request.body = std::string(64 << 20, 'x');
  EXPECT_EQ(client.Ask(server.port, {}, &cancel, request).code, Code::kCancelled);
  gave_up = true;
}

Task<void> DropEarly(Client* client, Origin origin, std::string* piece) {
  auto sent = co_await client->Send(origin, TestClient::Hello(), {}, nullptr);
  if (!sent) co_return;
  auto first = co_await (*sent)->Read();
  if (first) *piece = *first;
}

TEST(ClientCancel, DroppingAResponseClosesItsConnection) {
  std::atomic<bool> closed = false;
  ScriptServer server({[&](int fd) {
    TakeRequest(fd);
    Say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    AwaitEnd(fd);
    closed = true;
  }});
  TestClient client;
  std::string piece;
  client.thread.Await([&] { return DropEarly(&client.client(), {false, "127.0.0.1", server.port}, &piece); });
  EXPECT_EQ(piece, "ok");
  while (!closed) std::this_thread::yield();
}

TEST(ClientSend, AnEarlyReplyToALargeRequestIsRead) {
  ScriptServer server({[](int fd) {
    char byte;
    (void)!recv(fd, &byte, 1, 0);
    Say(fd, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    AwaitEnd(fd);
  }});
  TestClient client;
  ClientRequest request = TestClient::Hello();
  request.body = std::string(64 << 20, 'x');
  const Got got = client.Ask(server.port, {}, nullptr, request);
  EXPECT_EQ(got.status, 413);
  EXPECT_EQ(got.body, "no");
}

TEST(ClientSend, WritesTheHeadItself) {
  std::string seen;
  ScriptServer server({[&](int fd) {
    seen = TakeRequest(fd);
    Say(fd, kOk);
  }});
  TestClient client;
  ClientRequest request = TestClient::Hello();
  request.target = "/v1/x?y=z";
  request.headers = {{"Host", "evil"}, {"Content-Length", "99"}, {"X-A", "b"}, {"X-Bad", "a\r\nb: c"}};
  client.Ask(server.port, {}, nullptr, request);
  EXPECT_EQ(seen, "POST /v1/x?y=z HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port) +
                      "\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(ClientSend, ATargetThatWouldForgeARequestIsRefused) {
  TestClient client;
  ClientRequest request = TestClient::Hello();
  request.target = "/ HTTP/1.1\r\nHost: b\r\n\r\nGET /";
  EXPECT_EQ(client.Ask(1, {}, nullptr, request).error, "bad_target");
}

}  // namespace
}  // namespace baton::net
