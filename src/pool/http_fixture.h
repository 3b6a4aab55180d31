// A provider on a real socket, for tests: a net::Server that plays what the test says, and the HTTP backend
// that asks it. All on one loop, so that the provider's notes need no lock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/test_peer.h"
#include "pool/create.h"
#include "pool/pool_fixture.h"
#include "provider/dialect.h"

namespace baton::pool {

// What the provider does with one request, and what it saw.
struct Provider {
  int status = 200;
  net::HeaderList headers = {{"Content-Type", "application/json"}};
  std::string body;
  // Streams: the pieces go out one by one, each with its own flush.
  std::vector<std::string> pieces;
  bool chunked = false;
  enum class End { kFinish, kAbort, kStall } end = End::kFinish;
  bool stall_before_head = false;

  int requests = 0;
  std::string target, got_body;
  std::map<std::string, std::string> got;  // header names in lower case
  std::size_t written = 0;
  bool client_left = false;
};

class HttpFixture {
 public:
  HttpFixture() : server_([this](net::Request& q, net::Reply& r) { return Play(this, &q, &r); }) {
    worker = std::make_shared<Worker>();
    worker->name = "w";
    worker->dialect = "openai";
    worker->base_url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/v1";
    worker->private_address = true;
    worker->key = Secret("sk-test-0123456789");
    worker->target.model = "provider-model";
    client_ = loop().Call([this] { return net::Client::Create(loop().loop(), {}); });
  }
  ~HttpFixture() {
    loop().Call([this] {
      backend_.reset();
      client_.reset();
      return 0;
    });
  }

  net::LoopThread& loop() { return server_.thread(); }
  Backend& backend() {
    if (!backend_) {
      backend_ = loop().Call([this] { return CreateHttpBackend(worker, loop().loop(), *client_, limits); });
    }
    return *backend_;
  }

  // A request as it would come in: decoded from its bytes, so that pass-through can be seen.
  static chat::Request Decode(std::string body) {
    auto decoded = provider::FindClientCodec("openai")->DecodeChat(std::move(body), {}, false);
    EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().message);
    return decoded ? std::move(*decoded) : chat::Request();
  }

  AttemptResult Chat(const chat::Request& request, chat::Sink* sink,
                     Duration whole = std::chrono::seconds(20), Cancel* cancel = nullptr) {
    AttemptResult out;
    Attempt attempt;
    attempt.request = &request;
    attempt.sink = sink;
    attempt.cancel = cancel;
    attempt.idempotency_key = "one-key";
    Backend& b = backend();
    loop().Await([&] {
      attempt.deadline = Deadline(loop().loop().Now() + whole);
      return Ask(&b, &attempt, &out);
    });
    return out;
  }

  Provider provider;
  std::shared_ptr<Worker> worker;
  HttpLimits limits;

 private:
  static Task<void> Ask(Backend* backend, Attempt* attempt, AttemptResult* out) {
    AttemptResult got = co_await backend->Chat(*attempt);
    *out = std::move(got);
  }

  static Task<void> Stall(HttpFixture* self, net::Reply* reply) {
    (void)co_await self->loop().loop().Sleep(std::chrono::seconds(15), &reply->gone());
    self->provider.client_left |= reply->gone().fired();
  }

  static Task<void> Play(HttpFixture* self, net::Request* request, net::Reply* reply) {
    Provider& p = self->provider;
    ++p.requests;
    p.target = std::string(request->target);
    p.got_body = request->body;
    p.got.clear();
    for (const auto& h : request->headers) {
      std::string name(h.name);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      p.got[name] = std::string(h.value);
    }
    if (p.stall_before_head) {
      co_await Stall(self, reply);
      co_return;
    }
    if (!p.chunked) {
      const Status sent = co_await reply->Send(p.status, p.headers, p.body);
      (void)sent;
      co_return;
    }
    reply->Start(p.status, p.headers);
    for (const std::string& piece : p.pieces) {
      reply->Write(piece);
      const Status flushed = co_await reply->Flush();
      if (!flushed) {
        p.client_left = true;
        co_return;
      }
      p.written += piece.size();
    }
    if (p.end == Provider::End::kStall) co_await Stall(self, reply);
    if (p.end == Provider::End::kFinish) {
      const Status done = co_await reply->Finish();
      (void)done;
    } else {
      reply->Abort();
    }
  }

  net::TestServer server_;
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<Backend> backend_;
};

}  // namespace baton::pool
