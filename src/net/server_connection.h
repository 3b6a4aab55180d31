// One client's connection: reads requests one after another, runs the handler, is the handler's Reply.
// Internal to net/.
//
// One coroutine (Serve) is the table of contents; the steps it calls never suspend. Life of a request:
//   kIdle   nothing received                     -> idle time-out closes
//   kHead   first bytes received                 -> header time-out answers 408
//   kBody   head complete                        -> body time-out answers 408
//   kHandling  the handler runs; a read stays pending, so a client that leaves fires gone()
//   kClosing   last reply sent or refused: bytes that still arrive are thrown away, so that the kernel does
//              not answer them with a reset that would take our reply from the client's buffer
#pragma once

#include <coroutine>
#include <optional>
#include <string>

#include "net/http_parser.h"
#include "net/lazy_deadline.h"
#include "net/server_core.h"
#include "net/stream.h"

namespace baton::net {

class ServerConnection final : public Stream::Owner, public Reply, private HttpParser::BodySink {
 public:
  ServerConnection(Ref<ServerCore> core, Socket socket, std::string peer);

  // Runs to the end of the connection. `full`: only to say that the server has too many.
  static Task<void> Serve(Ref<ServerConnection> self, bool full);
  // The server is draining: closes if no request has begun.
  void CloseIfIdle();
  // The drain time is over.
  void Shutdown();

  // Reply
  Task<Status> Send(int status, const HeaderList& headers, std::string_view body) override;
  void Start(int status, const HeaderList& headers) override;
  void Write(std::string_view bytes) override;
  Task<Status> Flush() override;
  Task<Status> Finish() override;
  void Abort() override;
  bool started() const override { return started_; }
  Cancel& gone() override { return *gone_; }

 private:
  enum class Phase { kIdle, kHead, kBody, kHandling, kClosing };
  enum class Step { kMore, kRequest, kEnd };
  enum class Framing { kLength, kChunked, kClose };
  // Suspends until the connection is woken through `slot`.
  struct Wait {
    std::coroutine_handle<>& slot;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) { slot = h; }
    void await_resume() {}
  };
  static void Wake(std::coroutine_handle<>& slot) {
    if (slot) std::exchange(slot, {}).resume();
  }
  void WakeLater(std::coroutine_handle<>& slot);

  // Stream::Owner
  void OnBytes() override;
  void OnEnd() override;
  void OnSent() override;
  // HttpParser::BodySink
  void OnBody(const char* data, std::size_t size) override;

  // Reading (server_connection.cc)
  Step Advance();
  Step AfterHead();
  void TurnAway();
  Step Ended();
  void Partly();
  void Read();
  void MakeRoom();
  void BeginRequest();
  bool EndRequest();
  void Refuse(int status, std::string_view reason, std::string_view message);
  void OnPhaseDeadline();
  void OnWriteDeadline();
  void BeginClosing();
  bool StaysOpen();

  // Replying (server_reply.cc)
  void BuildHead(int status, const HeaderList& headers, Framing framing, std::size_t length);
  void SendNow(int status, const HeaderList& headers, std::string_view body);
  void SendChunk(bool last);
  void WritePieces(std::span<const std::string_view> pieces);
  Task<Status> WaitForBacklog(std::size_t limit);
  bool alive() const;
  Status AliveStatus() const;

  const Ref<ServerCore> core_;
  const ServerLimits limits_;
  const std::string peer_;
  Stream stream_;
  HttpParser parser_;
  LazyDeadline phase_deadline_, write_deadline_;

  Phase phase_ = Phase::kIdle;
  std::size_t parsed_ = 0;      // bytes of stream_.in that the parser has seen
  std::size_t body_bytes_ = 0;  // counted in core_->body_bytes
  std::string_view over_;       // the limit that the body broke, or empty
  bool deadline_passed_ = false, fin_sent_ = false;
  std::size_t discarded_ = 0;  // while closing
  TimePoint closing_until_;

  Request request_;
  std::optional<Cancel> gone_;
  bool keep_alive_ = false, head_only_ = false;
  bool started_ = false, finished_ = false;
  Framing framing_ = Framing::kLength;
  std::string head_;   // built, not yet sent
  std::string chunk_;  // written, not yet flushed
  std::size_t wait_limit_ = 0;
  std::coroutine_handle<> reader_;  // Serve()
  std::coroutine_handle<> writer_;  // the handler, in Flush() and the like
};

}  // namespace baton::net
