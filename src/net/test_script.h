// For the tests of the client: a server that says exactly the bytes of its script, and a client on a loop of
// its own.
#pragma once

#include <netinet/in.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "net/client.h"
#include "net/test_peer.h"

namespace baton::net {

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
inline std::string TakeRequest(int fd) {
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
inline void Say(int fd, std::string_view text) {
  (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}
inline void AwaitEnd(int fd) {
  char buffer[65536];
  while (recv(fd, buffer, sizeof buffer, 0) > 0) {
  }
}
inline ScriptServer::Script Says(std::string text) {
  return [text = std::move(text)](int fd) {
    TakeRequest(fd);
    Say(fd, text);
  };
}
// Says it and then nothing more, without closing, until the client closes.
inline ScriptServer::Script SayAndStall(std::string text) {
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

inline const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace baton::net
