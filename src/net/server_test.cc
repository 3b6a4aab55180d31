#include "net/server.h"

#include <gmock/gmock.h>

#include "net/test_peer.h"

namespace baton::net {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Task<void> Echo(Request& request, Reply& reply) {
  const HeaderList headers = {{"Content-Type", "text/plain"}, {"X-Path", std::string(request.path)}};
  Status sent = co_await reply.Send(200, headers, request.body);
  (void)sent;
}

std::string Post(std::string_view body, std::string_view more = "") {
  return "POST /echo?x=1 HTTP/1.1\r\nHost: a\r\n" + std::string(more) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(Server, AnswersAPostWithItsBody) {
  TestServer server(Echo);
  RawClient client(server.port());
  client.Send(Post("hello"));
  const std::string head = client.ReadUntil("\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nX-Path: /echo\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nDate: "));
  EXPECT_EQ(client.ReadUntil("hello"), "hello");
}

TEST(Server, KeepsTheConnectionForManyRequests) {
  TestServer server(Echo);
  RawClient client(server.port());
  for (int i = 0; i < 200; ++i) {
    const std::string body =
        "body " + std::to_string(i) + std::string(static_cast<std::size_t>(i) * 37, 'x') + "!";
    ASSERT_TRUE(client.Send(Post(body)));
    ASSERT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("200 OK"));
    ASSERT_EQ(client.ReadUntil("!"), body);
  }
  EXPECT_EQ(server.Metric("baton_http_requests_total"), "200");
}

TEST(Server, TakesARequestByteByByte) {
  TestServer server(Echo);
  RawClient client(server.port());
  for (const char c : Post("slow")) ASSERT_TRUE(client.Send({&c, 1}));
  client.ReadUntil("\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("slow"), "slow");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server(Echo);
  RawClient client(server.port());
  std::string all;
  for (int i = 0; i < 300; ++i) all += Post("<" + std::to_string(i) + ">");
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 300; ++i) {
    client.ReadUntil("\r\n\r\n");
    ASSERT_EQ(client.ReadUntil(">"), "<" + std::to_string(i) + ">");
  }
}

TEST(Server, JoinsAChunkedBody) {
  TestServer server(Echo);
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("5\r\nhello\r\n1;name=value\r\n \r\n5\r\nworld\r\n0\r\nTrailer: x\r\n\r\n");
  client.ReadUntil("\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("world"), "hello world");
  client.Send(Post("next"));
  client.ReadUntil("\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("next"), "next");
}

}  // namespace
}  // namespace baton::net
