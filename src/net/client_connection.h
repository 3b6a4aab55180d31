// One connection to an origin, used for one exchange after another. Internal to net/.
#pragma once

#include <coroutine>
#include <functional>
#include <optional>
#include <string>

#include "base/cancel.h"
#include "net/client.h"
#include "net/http_parser.h"
#include "net/lazy_deadline.h"
#include "net/stream.h"

namespace baton::net {

class ClientConnection final : public Stream::Owner, private HttpParser::BodySink {
 public:
  ClientConnection(AsioLoop& loop, Socket socket, std::size_t max_header_bytes);

  // Waits for the TLS handshake, at most `time`.
  static Task<Status> Handshake(Ref<ClientConnection> self, std::unique_ptr<TlsSession> tls, Duration time,
                                Deadline whole, Cancel* cancel);
  bool tls_resumed() const { return stream_.session().resumed(); }
  // Sends the request and waits for the head of the reply. `head` is only used before the first suspension,
  // `request` until the end.
  static Task<Status> Exchange(Ref<ClientConnection> self, std::string_view head,
                               const ClientRequest& request, PhaseTimeouts timeouts, Cancel* cancel);
  // The connection closed before a byte of the reply came.
  bool untouched() const { return untouched_; }

  int status() const { return parser_.status(); }
  const HeaderViews& headers() const { return headers_; }
  static Task<Result<std::string_view>> ReadBody(Ref<ClientConnection> self);
  static Task<Result<std::string>> ReadAll(Ref<ClientConnection> self, std::size_t limit);
  void SetDeadline(Deadline whole) { timeouts_.whole = whole; }

  // The exchange is over and the connection is good for another one.
  bool Reusable() const;
  // Parks it: `gone` is called when the server closes it or `idle` has passed.
  void Park(Duration idle, std::function<void(ClientConnection*)> gone);
  // Takes it out of the car park. False when it turns out to be dead.
  bool Unpark();
  void Close();

 private:
  enum class Phase { kConnect, kSend, kHead, kBody, kDone, kIdle };
  struct Wait {
    std::coroutine_handle<>& slot;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) { slot = h; }
    void await_resume() {}
  };
  void Wake() {
    if (waiter_) std::exchange(waiter_, {}).resume();
  }

  void OnBytes() override;
  void OnEnd() override;
  void OnSent() override;
  void OnBody(const char* data, std::size_t size) override;

  void Watch(Cancel* cancel);
  void SetPhaseDeadline(Duration phase);
  void OnDeadline();
  void WakeLater();
  void Fail(Error error);
  void HangUp();
  void Begin(const ClientRequest& request, PhaseTimeouts timeouts, Cancel* cancel);
  void ParseHead();
  bool SkipInterim();
  void TakeHead();
  void ParseBody();
  void EndOfBody();
  void MakeBodyRoom();
  Error EndError() const;

  AsioLoop& loop_;
  Stream stream_;
  HttpParser parser_;
  LazyDeadline deadline_;
  Phase phase_ = Phase::kConnect;
  PhaseTimeouts timeouts_;
  Cancel::Registration on_cancel_;
  std::optional<Error> error_;
  std::coroutine_handle<> waiter_;
  bool untouched_ = false, got_bytes_ = false, sent_all_ = false;
  int interim_ = 0;         // 1xx replies seen
  std::size_t parsed_ = 0;  // bytes of the head that the parser has seen
  HeaderViews headers_;
  std::size_t body_start_ = 0;             // where in the buffer's memory bodies begin, behind the head
  std::optional<ReadBuffer> head_memory_;  // holds the head once the body is read into memory of its own
  char* body_ = nullptr;                   // de-chunked bytes: pieces moved together in place
  std::size_t body_size_ = 0;
  bool body_taken_ = true;
  std::function<void(ClientConnection*)> gone_;
};

}  // namespace baton::net
