// Every way a worker can fail the client, and what the client says then.
#include <gmock/gmock.h>
#include <netinet/in.h>

#include <atomic>

#include "net/client.h"
#include "net/test_peer.h"

namespace baton::net {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// A server of raw bytes: for each connection it accepts, runs the next script on a thread of its own.
class ScriptServer {
 public:
  using Script = std::function<void(int fd)>;
  explicit ScriptServer(std::vector<Script> scripts) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(listen(fd_, 16), 0);
    socklen_t size = sizeof at;
    getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
    thread_ = std::thread([this, all = std::move(scripts)] {
      for (const Script& script : all) {
        const int peer = accept(fd_, nullptr, nullptr);
        if (peer < 0) return;
        ++accepted;
        script(peer);
        close(peer);
      }
    });
  }
  ~ScriptServer() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  std::uint16_t port = 0;
  std::atomic<int> accepted = 0;

 private:
  int fd_;
  std::thread thread_;
};

// Reads one request (with the body its length announces); "" at the end.
std::string TakeRequest(int fd) {
  std::string all;
  for (;;) {
    const auto head = all.find("\r\n\r\n");
    if (head != std::string::npos) {
      const auto at = all.find("Content-Length: ");
      const std::size_t body = at < head ? std::stoul(all.substr(at + 16)) : 0;
      if (all.size() >= head + 4 + body) return all;
    }
    char buffer[65536];
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return "";
    all.append(buffer, static_cast<std::size_t>(n));
  }
}
void Say(int fd, std::string_view text) {
  (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}
void AwaitEnd(int fd) {
  char buffer[65536];
  while (recv(fd, buffer, sizeof buffer, 0) > 0) {
  }
}
ScriptServer::Script Says(std::string text) {
  return [text = std::move(text)](int fd) {
    TakeRequest(fd);
    Say(fd, text);
  };
}
// Says it and then nothing more, without closing, until the client closes.
ScriptServer::Script SayAndStall(std::string text) {
  return [text = std::move(text)](int fd) {
    TakeRequest(fd);
    Say(fd, text);
    AwaitEnd(fd);
  };
}

struct Got {
  int status = 0;
  std::string body, error;
  Code code = Code::kInternal;
};

// A client on a loop of its own.
class TestClient {
 public:
  explicit TestClient(ClientOptions options = {}) {
    options.metrics = &metrics;
    client_ = thread.Call([&] { return Client::Create(thread.loop(), options); });
  }
  ~TestClient() {
    thread.Call([&] {
      client_.reset();
      return 0;
    });
  }
  Got Ask(std::uint16_t port, PhaseTimeouts timeouts = {}, Cancel* cancel = nullptr,
          ClientRequest request = Hello()) {
    Got got;
    thread.Await([&] {
      return Run(client_.get(), {false, "127.0.0.1", port}, request, timeouts, cancel, &got);
    });
    return got;
  }
  static ClientRequest Hello() {
    ClientRequest request;
    request.target = "/";
    request.body = "hello";
    return request;
  }
  static Task<void> Run(Client* client, Origin origin, ClientRequest request, PhaseTimeouts timeouts,
                        Cancel* cancel, Got* got) {
    auto sent = co_await client->Send(origin, std::move(request), timeouts, cancel);
    if (!sent) {
      got->error = sent.error().Name();
      got->code = sent.error().code;
      co_return;
    }
    std::unique_ptr<ClientResponse> response = std::move(*sent);
    got->status = response->status();
    auto all = co_await response->ReadAll(100'000);
    if (!all) {
      got->error = all.error().Name();
      got->code = all.error().code;
    } else {
      EXPECT_GE(all->capacity(), all->size() + kBodyPadding);
      got->body = std::move(*all);
    }
  }
  Client& client() { return *client_; }

  Metrics metrics;
  LoopThread thread;

 private:
  std::unique_ptr<Client> client_;
};

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct Case {
  const char* name;
  std::string reply;
  const char* error;  // "" when it is fine
  const char* body;
};

TEST(ClientReplies, Table) {
  const Case table[] = {
      {"length", kOk, "", "ok"},
      {"chunked",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nT: v\r\n\r\n", "",
       "ok"},
      {"until close", "HTTP/1.1 200 OK\r\n\r\nok", "", "ok"},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nok", "", "ok"},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", "", ""},
      {"interim replies", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kOk,
       "", "ok"},
      {"redirect is not followed", "HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 2\r\n\r\nok",
       "", "ok"},
      {"nothing", "", "closed_before_reply", ""},
      {"half a head", "HTTP/1.1 200 OK\r\nContent-Le", "closed_before_reply", ""},
      {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "closed_in_body", ""},
      {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", "closed_in_body", ""},
      {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "closed_in_body",
       ""},
      {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n", "malformed_reply",
       ""},
      {"HTML", "<html><body>It works</body></html>\r\n\r\n", "malformed_reply", ""},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
       "malformed_reply", ""},
      {"coding and length",
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "malformed_reply", ""},
      {"switching protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
       "malformed_reply", ""},
      {"too long by length", "HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\nok", "reply_too_large", ""},
      {"head too long", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", "reply_too_large",
       ""},
  };
  for (const Case& c : table) {
    ScriptServer server({Says(c.reply)});
    TestClient client;
    const Got got = client.Ask(server.port);
    EXPECT_EQ(got.error, c.error) << c.name;
    EXPECT_EQ(got.body, c.body) << c.name;
  }
}

TEST(ClientReplies, EverySplitOfTheReplyGivesTheSame) {
  const std::string reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
  for (std::size_t at = 1; at < reply.size(); at += 3) {
    ScriptServer server({[&](int fd) {
      TakeRequest(fd);
      Say(fd, reply.substr(0, at));
      std::this_thread::yield();
      Say(fd, reply.substr(at));
      AwaitEnd(fd);
    }});
    TestClient client;
    EXPECT_EQ(client.Ask(server.port).body, "abc0123456789abcdef") << "split at " << at;
  }
}

TEST(ClientReplies, ALargeBodyComesWhole) {
  std::string body;
  while (body.size() < 90'000) body += std::to_string(body.size()) + ",";
  std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n";
  for (std::size_t i = 0; i < body.size(); i += 1000) {
    const std::string piece = body.substr(i, 1000);
    char size[16];
    snprintf(size, sizeof size, "%zx", piece.size());
    chunked += size + ("\r\n" + piece) + "\r\n";
  }
  chunked += "0\r\n\r\n";
  ScriptServer server({Says(chunked)});
  TestClient client;
  EXPECT_EQ(client.Ask(server.port).body, body);
}

TEST(ClientReuse, OneConnectionServesManyRequests) {
  ScriptServer server({[](int fd) {
    while (!TakeRequest(fd).empty()) Say(fd, kOk);
  }});
  TestClient client;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.Ask(server.port).body, "ok");
  EXPECT_EQ(server.accepted, 1);
  client.thread.Call([&] {
    client.client().CloseIdle();
    return 0;
  });
}

TEST(ClientReuse, AConnectionThatTheServerClosesAfterwardsIsNotUsed) {
  ScriptServer server(
      {Says(kOk), Says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"), Says(kOk)});
  TestClient client;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Ask(server.port).error, "");
}

TEST(ClientReuse, AStaleConnectionIsReplacedOnce) {
  // The server takes the second request on the kept connection and closes without a byte: it looks exactly
  // like a connection that timed out while the request was on its way.
  ScriptServer server({[](int fd) {
                         TakeRequest(fd);
                         Say(fd, kOk);
                         TakeRequest(fd);
                       },
                       Says(kOk)});
  TestClient client;
  EXPECT_EQ(client.Ask(server.port).body, "ok");
  EXPECT_EQ(client.Ask(server.port).body, "ok");
  EXPECT_EQ(server.accepted, 2);
  EXPECT_THAT(client.metrics.Text(), HasSubstr("baton_http_client_stale_replaced_total 1\n"));
}

TEST(ClientReuse, ButAFreshOneThatClosesIsAnError) {
  ScriptServer server({[](int fd) {
                         TakeRequest(fd);
                         Say(fd, kOk);
                         TakeRequest(fd);
                       },
                       [](int fd) { TakeRequest(fd); }, Says(kOk)});
  TestClient client;
  EXPECT_EQ(client.Ask(server.port).body, "ok");
  EXPECT_EQ(client.Ask(server.port).error, "closed_before_reply");
  EXPECT_EQ(server.accepted, 2);
}

TEST(ClientReuse, NorIsARequestRepeatedThatGotAByteOfReply) {
  ScriptServer server({[](int fd) {
                         TakeRequest(fd);
                         Say(fd, kOk);
                         TakeRequest(fd);
                         Say(fd, "H");
                       },
                       Says(kOk)});
  TestClient client;
  EXPECT_EQ(client.Ask(server.port).body, "ok");
  EXPECT_EQ(client.Ask(server.port).error, "closed_before_reply");
  EXPECT_EQ(server.accepted, 1);
}

TEST(ClientReuse, ExtraBytesAfterAReplyEndTheConnection) {
  ScriptServer server({Says(kOk + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"), Says(kOk)});
  TestClient client;
  EXPECT_EQ(client.Ask(server.port).body, "ok");
  EXPECT_EQ(client.Ask(server.port).body, "ok") << "not the other";
}

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

Task<void> HoldTwo(Client* client, Origin origin, std::string* first, std::string* second) {
  // The head's views and a second exchange on another connection do not disturb each other.
  auto a = co_await client->Send(origin, TestClient::Hello(), {}, nullptr);
  auto b = co_await client->Send(origin, TestClient::Hello(), {}, nullptr);
  if (!a || !b) co_return;
  auto a_body = co_await (*a)->ReadAll(100'000);
  auto b_body = co_await (*b)->ReadAll(100'000);
  *first = std::string(FindHeader((*a)->headers(), "x-n")) + (a_body ? *a_body : a_body.error().message);
  *second = std::string(FindHeader((*b)->headers(), "x-n")) + (b_body ? *b_body : b_body.error().message);
}

TEST(ClientReuse, ResponsesHeldAtOnceUseConnectionsOfTheirOwn) {
  ScriptServer server({[](int fd) {
                         TakeRequest(fd);
                         Say(fd, "HTTP/1.1 200 OK\r\nX-N: 1\r\nContent-Length: 3\r\n\r\none");
                       },
                       [](int fd) {
                         TakeRequest(fd);
                         Say(fd, "HTTP/1.1 200 OK\r\nX-N: 2\r\nContent-Length: 3\r\n\r\ntwo");
                       }});
  TestClient client;
  std::string first, second;
  client.thread.Await([&] {
    return HoldTwo(&client.client(), {false, "127.0.0.1", server.port}, &first, &second);
  });
  EXPECT_EQ(first, "1one");
  EXPECT_EQ(second, "2two");
}

}  // namespace
}  // namespace baton::net
