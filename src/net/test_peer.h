// For the tests of net/: a loop with a server and a client on it, and a raw client socket that sends exactly
// the bytes it is told to. Blocking sockets live on the test's own thread, the loop on another.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <thread>

#include "net/client.h"
#include "net/loop.h"
#include "net/server.h"

namespace baton::net {

// A loop that runs on its own thread for the time of a test.
class LoopThread {
 public:
  LoopThread() : loop_(IoLoop::Create()), thread_([this] { loop_->Run(); }) {}
  ~LoopThread() {
    loop_->Stop();
    thread_.join();
  }
  IoLoop& loop() { return *loop_; }
  // Runs `fn` on the loop and waits for its value.
  template <class Fn>
  auto Call(Fn fn) {
    std::packaged_task<decltype(fn())()> task(std::move(fn));
    auto result = task.get_future();
    loop_->Post([&task] { task(); });
    return result.get();
  }
  // Runs the coroutine that `make` gives on the loop and waits for its end.
  void Await(std::function<Task<void>()> make) {
    std::promise<void> done;
    loop_->Post([&] { Spawn(RunTo(&done, make)); });
    done.get_future().get();
  }

 private:
  static Task<void> RunTo(std::promise<void>* done, std::function<Task<void>()> make) {
    Task<void> task = make();
    co_await task;
    done->set_value();
  }
  std::unique_ptr<IoLoop> loop_;
  std::thread thread_;
};

// A server on a free port of 127.0.0.1.
class TestServer {
 public:
  explicit TestServer(Handler handler, ServerOptions options = {}) {
    options.port = 0;
    options.metrics = &metrics;
    server_ = thread_.Call([&] {
      auto listening = Server::Listen(thread_.loop(), std::move(options), std::move(handler));
      EXPECT_TRUE(listening) << (listening ? "" : listening.error().message);
      return std::move(listening).value();
    });
  }
  ~TestServer() { Drain(); }
  std::uint16_t port() const { return server_->port(); }
  Server& server() { return *server_; }
  LoopThread& thread() { return thread_; }
  void Drain(Duration grace = std::chrono::milliseconds(100)) {
    if (!server_) return;
    thread_.Await([&] { return server_->Drain(grace); });
    thread_.Call([&] {
      server_.reset();
      return 0;
    });
  }
  int connections() {
    return thread_.Call([&] { return server_->connections(); });
  }
  // The value of a metric's line, as text; "" when there is none.
  std::string Metric(const std::string& line) const {
    const std::string all = metrics.Text();
    const auto at = all.find("\n" + line + " ");
    if (at == std::string::npos) return "";
    const auto from = at + line.size() + 2;
    return all.substr(from, all.find('\n', from) - from);
  }
  std::string Refused(const std::string& reason) const {
    return Metric("baton_http_refused_total{reason=\"" + reason + "\"}");
  }

  Metrics metrics;

 private:
  LoopThread thread_;
  std::unique_ptr<Server> server_;
};

// A blocking socket to 127.0.0.1:port. Reading gives up after ten seconds, so that a broken test ends.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~RawClient() { Close(); }
  RawClient(const RawClient&) = delete;

  // False when the server does not take it.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // One read; "" at the end or on a reset.
  std::string ReadSome() {
    char buffer[65536];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : "";
  }
  // Everything up to the end of the connection.
  std::string ReadToEnd() {
    std::string all;
    for (std::string some = ReadSome(); !some.empty(); some = ReadSome()) all += some;
    return all;
  }
  // Up to and with `mark`; what came after it stays for the next call. Shorter when the connection ends.
  std::string ReadUntil(std::string_view mark) {
    for (;;) {
      const auto at = pending_.find(mark);
      if (at != std::string::npos) {
        std::string out = pending_.substr(0, at + mark.size());
        pending_.erase(0, out.size());
        return out;
      }
      const std::string some = ReadSome();
      if (some.empty()) return std::exchange(pending_, {});
      pending_ += some;
    }
  }
  void ShutdownSend() { shutdown(fd_, SHUT_WR); }
  void Reset() {
    const linger hard{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    Close();
  }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  std::string pending_;
};

}  // namespace baton::net
