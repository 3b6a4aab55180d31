#include "net/client.h"

#include <gmock/gmock.h>

#include "net/test_peer.h"

namespace baton::net {
namespace {

Task<void> Echo(Request& request, Reply& reply) {
  const HeaderList headers = {{"X-Target", std::string(request.target)}};
  Status sent = co_await reply.Send(200, headers, request.body);
  (void)sent;
}

struct Got {
  int status = 0;
  std::string body, target;
  std::string error;
};

Task<void> Ask(Client* client, Origin origin, ClientRequest request, Got* got) {
  auto sent = co_await client->Send(origin, std::move(request), PhaseTimeouts(), nullptr);
  if (!sent) {
    got->error = sent.error().Name();
    co_return;
  }
  std::unique_ptr<ClientResponse> response = std::move(*sent);
  got->status = response->status();
  got->target = FindHeader(response->headers(), "x-target");
  auto all = co_await response->ReadAll(1 << 30);
  if (!all) {
    got->error = all.error().Name();
  } else {
    got->body = std::move(*all);
  }
}

TEST(Client, AsksAndReadsTheReply) {
  TestServer server(Echo);
  LoopThread thread;
  auto client = thread.Call([&] { return Client::Create(thread.loop(), {}); });
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{10}, std::size_t{2000}, std::size_t{5'000'000}}) {
    Got got;
    ClientRequest request;
    request.target = "/v1/x";
    request.body = std::string(size, 'b');
    thread.Await([&] { return Ask(client.get(), {false, "127.0.0.1", server.port()}, request, &got); });
    EXPECT_EQ(got.error, "");
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.target, "/v1/x");
    EXPECT_EQ(got.body.size(), size);
  }
  EXPECT_EQ(server.connections(), 1);
  thread.Call([&] {
    client.reset();
    return 0;
  });
}

}  // namespace
}  // namespace baton::net
