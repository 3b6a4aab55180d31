// How the client reads replies, and when it uses a connection again.
#include <gmock/gmock.h>

#include "net/test_script.h"

namespace baton::net {
namespace {

using ::testing::HasSubstr;

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
