#include "bench/load.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include "base/clock.h"

namespace baton::bench {
namespace {

struct Connection {
  int fd = -1;
  bool busy = false;
  TimePoint due;      // when the request in flight should have left
  std::string reply;  // of the reply in progress; kept between requests
  std::size_t content_length = 0, head = 0;
};

int Connect(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    close(fd);
    return -1;
  }
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

class Generator {
 public:
  explicit Generator(const LoadOptions& o) : o_(o), epoll_(epoll_create1(0)) {}
  ~Generator() {
    for (auto& c : connections_) {
      if (c.fd >= 0) close(c.fd);
    }
    close(epoll_);
  }

  Result<LoadResult> Run() {
    connections_.resize(static_cast<std::size_t>(o_.connections));
    for (auto& c : connections_) {
      if (!Open(c)) return Fail(Code::kUnavailable, fmt::format("nothing listens on 127.0.0.1:{}", o_.port));
    }
    const TimePoint start = Now();
    end_ = start + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(o_.seconds));
    next_due_ = start;
    for (auto& c : connections_) idle_.push_back(&c);
    while (Now() < end_) {
      Dispatch();
      Poll();
    }
    result_.seconds = std::chrono::duration<double>(Now() - start).count();
    std::sort(result_.latencies_us.begin(), result_.latencies_us.end());
    return std::move(result_);
  }

 private:
  static TimePoint Now() { return SystemClock().Now(); }

  bool Open(Connection& c) {
    c.fd = Connect(o_.port);
    if (c.fd < 0) return false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &c;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
    c.reply.clear();
    c.head = 0;
    return true;
  }

  void Dispatch() {
    while (!idle_.empty()) {
      if (o_.rate > 0) {
        if (next_due_ > Now()) return;
      }
      Connection* c = idle_.front();
      idle_.pop_front();
      c->busy = true;
      c->due = o_.rate > 0 ? next_due_ : TimePoint();
      if (o_.rate > 0)
        next_due_ += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / o_.rate));
      // 2 KB always fit an idle socket's buffer.
      if (send(c->fd, o_.request.data(), o_.request.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(o_.request.size()))
        Broken(*c);
    }
  }

  void Poll() {
    int wait_ms = 10;
    if (o_.rate > 0 && !idle_.empty()) wait_ms = 0;  // the next departure is closer than epoll can time
    epoll_event events[256];
    const int n = epoll_wait(epoll_, events, 256, wait_ms);
    for (int i = 0; i < n; ++i) Readable(*static_cast<Connection*>(events[i].data.ptr));
  }

  void Readable(Connection& c) {
    char buffer[65536];
    const ssize_t n = recv(c.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n <= 0) {
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
      return Broken(c);
    }
    result_.bytes += static_cast<std::uint64_t>(n);
    c.reply.append(buffer, static_cast<std::size_t>(n));
    if (c.head == 0 && !ReadHead(c)) return;
    const bool done =
        o_.streamed ? c.reply.ends_with("\r\n0\r\n\r\n") : c.reply.size() >= c.head + c.content_length;
    if (done) Complete(c);
  }

  bool ReadHead(Connection& c) {
    const auto end = c.reply.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    c.head = end + 4;
    c.content_length = 0;
    for (auto at = c.reply.find("\r\n"); at < end; at = c.reply.find("\r\n", at + 2)) {
      if (strncasecmp(c.reply.c_str() + at + 2, "content-length:", 15) == 0)
        c.content_length = std::strtoul(c.reply.c_str() + at + 17, nullptr, 10);
    }
    return true;
  }

  void Complete(Connection& c) {
    if (c.reply.compare(0, 12, "HTTP/1.1 200") == 0)
      ++result_.replies;
    else
      ++result_.errors;
    if (o_.rate > 0)
      result_.latencies_us.push_back(std::chrono::duration<double, std::micro>(Now() - c.due).count());
    c.reply.clear();
    c.head = 0;
    c.busy = false;
    idle_.push_back(&c);
  }

  void Broken(Connection& c) {
    ++result_.errors;
    close(c.fd);
    c.busy = false;
    if (Open(c)) idle_.push_back(&c);
  }

  const LoadOptions& o_;
  const int epoll_;
  std::vector<Connection> connections_;
  std::deque<Connection*> idle_;
  TimePoint end_, next_due_;
  LoadResult result_;
};

}  // namespace

double LoadResult::Percentile(double p) const {
  if (latencies_us.empty()) return 0;
  return latencies_us[std::min(latencies_us.size() - 1,
                               static_cast<std::size_t>(p * static_cast<double>(latencies_us.size())))];
}

Result<LoadResult> Load(const LoadOptions& options) {
  return Generator(options).Run();
}

std::string ChatRequest(const std::string& model, bool stream, std::size_t bytes) {
  std::string body = fmt::format(
      R"({{"model":"{}","stream":{},"temperature":0.2,"messages":[{{"role":"system","content":"You are a helpful assistant."}},{{"role":"user","content":")",
      model, stream);
  // Ordinary words: text that the classifier and the features have to look at, with nothing in it to find.
  constexpr std::string_view kWords =
      "Please compare the two proposals for the new warehouse and tell me which one needs less space, fewer "
      "people and a shorter time to build. ";
  while (body.size() + kWords.size() + 4 < bytes) body += kWords;
  body += "\"}]}";
  return fmt::format(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: "
      "application/json\r\n"
      "User-Agent: baton-bench\r\nAuthorization: Bearer not-needed\r\nContent-Length: {}\r\n\r\n{}",
      body.size(), body);
}

}  // namespace baton::bench
