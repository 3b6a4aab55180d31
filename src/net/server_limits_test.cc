// What a server refuses, and that the client can read why.
#include <gmock/gmock.h>

#include "net/server.h"
#include "net/test_peer.h"

namespace baton::net {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Task<void> Echo(Request& request, Reply& reply) {
  const HeaderList none;
  Status sent = co_await reply.Send(200, none, request.body);
  (void)sent;
}

ServerOptions Small() {
  ServerOptions o;
  o.limits.max_header_bytes = 4096;
  o.limits.max_header_count = 20;
  o.limits.max_body_bytes = 100'000;
  o.error_body = [](int status, std::string_view reason, std::string_view message) {
    return std::pair<std::string, std::string>("{\"status\":" + std::to_string(status) + ",\"reason\":\"" +
                                                   std::string(reason) + "\",\"m\":\"" +
                                                   std::string(message) + "\"}",
                                               "application/json");
  };
  return o;
}

void ExpectRefused(const std::string& reply, int status, const std::string& reason) {
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 " + std::to_string(status) + " "));
  EXPECT_THAT(reply, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(reply, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(reply, HasSubstr("\"reason\":\"" + reason + "\""));
}

TEST(ServerLimits, AMillionTinyHeaders) {
  TestServer server(Echo, Small());
  RawClient client(server.port());
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 1'000'000; ++i) many += "a:b\r\n";
  client.Send(many);
  ExpectRefused(client.ReadToEnd(), 431, "too_many_headers");
  EXPECT_EQ(server.Refused("too_many_headers"), "1");
}

TEST(ServerLimits, AnEndlessHeader) {
  TestServer server(Echo, Small());
  RawClient client(server.port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100'000, 'x'));
  ExpectRefused(client.ReadToEnd(), 431, "header_too_large");
}

TEST(ServerLimits, AnAnnouncedLargeBodyIsRefusedBeforeItIsSent) {
  TestServer server(Echo, Small());
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n");
  ExpectRefused(client.ReadUntil("}"), 413, "body_too_large");
}

TEST(ServerLimits, AClientThatSendsAHundredMegabytesReadsItsRefusal) {
  TestServer server(Echo, Small());
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n");
  const std::string megabyte(1 << 20, 'x');
  bool taken = true;
  for (int i = 0; i < 100 && taken; ++i) taken = client.Send(megabyte);
  EXPECT_TRUE(taken) << "the server must read on, or its reset would destroy the reply";
  ExpectRefused(client.ReadToEnd(), 413, "body_too_large");
}

TEST(ServerLimits, AChunkedBodyIsCountedAsItComes) {
  TestServer server(Echo, Small());
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  for (int i = 0; i < 10; ++i) client.Send(chunk);
  ExpectRefused(client.ReadToEnd(), 413, "body_too_large");
}

TEST(ServerLimits, ABodyAtTheLimitIsTaken) {
  TestServer server(Echo, Small());
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(99'999, 'x') +
              "!");
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("200 OK"));
  EXPECT_EQ(client.ReadUntil("!").size(), 100'000u);
}

TEST(ServerLimits, AllBodiesTogetherAreLimited) {
  ServerOptions options = Small();
  options.limits.max_body_bytes_in_flight = 150'000;
  TestServer server(Echo, std::move(options));
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
  RawClient holder(server.port());
  holder.Send(head + std::string(90'000, 'x'));
  // The holder's bytes are only known to have arrived when the second one is refused.
  std::string refused;
  for (int i = 0; i < 1000 && refused.find("503") == std::string::npos; ++i) {
    RawClient other(server.port());
    other.Send(head + std::string(99'999, 'x') + "!");
    refused = other.ReadUntil("}");
  }
  ExpectRefused(refused, 503, "bodies_in_flight");
  holder.Send(std::string(9'999, 'x') + "!");
  EXPECT_EQ(holder.ReadUntil("!").find("HTTP/1.1 200"), 0u);
  // What is done no longer counts.
  RawClient last(server.port());
  last.Send(head + std::string(99'999, 'x') + "!");
  EXPECT_EQ(last.ReadUntil("!").find("HTTP/1.1 200"), 0u);
}

TEST(ServerLimits, TooManyConnectionsGetAReply) {
  ServerOptions options = Small();
  options.limits.max_connections = 2;
  TestServer server(Echo, std::move(options));
  RawClient a(server.port()), b(server.port());
  for (RawClient* c : {&a, &b}) {
    c->Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(c->ReadUntil("\r\n\r\n"), HasSubstr("200 OK"));
  }
  RawClient c(server.port());
  c.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ExpectRefused(c.ReadToEnd(), 503, "too_many_connections");
  EXPECT_EQ(server.Refused("too_many_connections"), "1");
}

TEST(ServerLimits, ASlowHeadIsTimedOutWithAReply) {
  ServerOptions options = Small();
  options.limits.header = milliseconds(30);
  TestServer server(Echo, std::move(options));
  RawClient client(server.port());
  client.Send("GET / HTTP/1.1\r\nHo");
  ExpectRefused(client.ReadToEnd(), 408, "header_timeout");
}

TEST(ServerLimits, ASlowBodyIsTimedOutWithAReply) {
  ServerOptions options = Small();
  options.limits.body = milliseconds(30);
  TestServer server(Echo, std::move(options));
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  ExpectRefused(client.ReadToEnd(), 408, "body_timeout");
}

TEST(ServerLimits, AnIdleConnectionIsClosedInSilence) {
  ServerOptions options = Small();
  options.limits.idle = milliseconds(30);
  TestServer server(Echo, std::move(options));
  RawClient fresh(server.port()), used(server.port());
  EXPECT_EQ(fresh.ReadToEnd(), "");
  used.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(used.ReadToEnd(), Not(HasSubstr("408")));
}

TEST(ServerLimits, GarbageGetsAnHttpError) {
  TestServer server(Echo, Small());
  for (const std::string& bytes : {std::string("\x01\x02garbage\xff\xfe\r\n\r\n"), std::string(1000, '\0'),
                                   std::string("SSH-2.0-x\r\n")}) {
    RawClient client(server.port());
    client.Send(bytes);
    ExpectRefused(client.ReadToEnd(), 400, "malformed_head");
  }
}

TEST(ServerLimits, TlsToThePlainPortIsNamed) {
  TestServer server(Echo, Small());
  RawClient client(server.port());
  client.Send(std::string("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 11));
  ExpectRefused(client.ReadToEnd(), 400, "tls_on_plain_port");
}

TEST(ServerLimits, SmugglingIsRefusedAndTheRestNeverRead) {
  TestServer server(Echo, Small());
  RawClient client(server.port());
  client.Send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
      "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string all = client.ReadToEnd();
  ExpectRefused(all, 400, "ambiguous_length");
  EXPECT_EQ(all.find("HTTP/1.1", 1), std::string::npos) << "one reply only";
  EXPECT_EQ(server.Metric("baton_http_requests_total"), "0");
}

TEST(ServerLimits, ABadRequestAfterAGoodOneStillAnswersTheGoodOne) {
  TestServer server(Echo, Small());
  RawClient client(server.port());
  client.Send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\ngood"
      "BAD\r\n\r\n");
  const std::string all = client.ReadToEnd();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(all, HasSubstr("goodHTTP/1.1 400 "));
}

TEST(ServerLimits, APortInUseIsAConflictWithAdvice) {
  TestServer server(Echo);
  const std::uint16_t port = server.port();
  ServerOptions options;
  options.port = port;
  const Error error = server.thread().Call([&] {
    auto second = Server::Listen(server.thread().loop(), options, Echo);
    return second ? Error() : second.error();
  });
  EXPECT_EQ(error.code, Code::kConflict);
  EXPECT_EQ(error.Name(), "port_in_use");
  EXPECT_THAT(error.message, HasSubstr(std::to_string(port)));
  // Another loop of the same process says so and shares it.
  options.share_port = true;
  EXPECT_TRUE(server.thread().Call(
      [&] { return Server::Listen(server.thread().loop(), options, Echo).has_value(); }));
}

TEST(ServerLimits, AnAddressThatIsNoneIsExplained) {
  LoopThread thread;
  ServerOptions options;
  options.address = "not-an-address";
  const auto error = thread.Call([&] { return Server::Listen(thread.loop(), options, Echo).error(); });
  EXPECT_EQ(error.Name(), "bad_address");
}

}  // namespace
}  // namespace baton::net
