// One connection on one loop: bytes in, bytes out, TLS or plain. Internal: holds an Asio socket.
//
// Writing asks the kernel first, in one gather call; only what does not fit is copied and sent by and by.
// That saves the trip through the scheduler for nearly every reply. Reading keeps at most one read pending,
// into the spare room of `in`; short reads tell Asio's reactor that the socket is empty, so an armed read
// costs no system call until bytes arrive.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/asio.h"
#include "net/asio_loop.h"
#include "net/read_buffer.h"
#include "net/ref.h"
#include "net/tls.h"

namespace baton::net {

using Socket = asio::basic_stream_socket<asio::ip::tcp, AsioLoop::Executor>;
using Endpoint = asio::ip::tcp::endpoint;

class Stream {
 public:
  enum class End { kNot, kEof, kReset, kTlsFailed };

  // The connection that owns the stream as a member; pending operations keep it alive.
  class Owner : public RefCounted {
   public:
    // Bytes were added to `in`; no read is pending any more.
    virtual void OnBytes() = 0;
    // Nothing will arrive any more; see end(). Called once, never from inside a call on the stream.
    virtual void OnEnd() = 0;
    // Some of the backlog went out.
    virtual void OnSent() = 0;
  };

  Stream(AsioLoop& loop, Socket socket, Owner& owner, std::size_t buffer);
  Stream(const Stream&) = delete;

  void StartTls(std::unique_ptr<TlsSession> tls);
  bool tls() const { return tls_ != nullptr; }
  // Goes on unencrypted after kTlsFailed: to tell a peer that spoke plain HTTP what is wrong.
  void DropTls();
  // True for plain connections at once.
  bool handshaken() const { return !tls_ || tls_->handshaken(); }

  // Keeps one read pending. Nothing happens when one is, when `in` has no spare room, or after the end.
  void Read();
  bool read_pending() const { return read_pending_; }

  // Sends the pieces, in order, after everything written before. Never suspends, never fails at once: a
  // broken connection shows as end().
  void Write(std::span<const std::string_view> pieces);
  // Bytes the kernel has not taken yet.
  std::size_t backlog() const { return sending_.size() - sent_ + unsent_.size(); }

  // No more bytes will be written (FIN after the backlog is empty: call it then).
  void ShutdownSend();
  // Closes now; `hard` sends RST instead of FIN. The owner hears no more.
  void Close(bool hard = false);
  bool closed() const { return closed_; }
  End end() const { return end_; }
  // After kTlsFailed.
  const TlsSession& session() const { return *tls_; }

  ReadBuffer in;

 private:
  struct ReadDone;
  struct WriteDone;
  void ArmRead();
  void FinishRead(const asio::error_code& error, std::size_t n);
  void FinishWrite(const asio::error_code& error, std::size_t n);
  void WriteRaw(std::span<const std::string_view> pieces);
  void Decrypt();
  void FlushTls();
  void ArmWrite();
  void WriteFailed();
  void SetEnd(End end);
  void TellEnd();

  AsioLoop& loop_;
  Owner& owner_;
  Socket socket_;
  std::unique_ptr<TlsSession> tls_;
  std::unique_ptr<char[]> cipher_in_;  // TLS: where reads go
  std::string cipher_out_;
  std::string sending_, unsent_;  // being written from sent_ on; waiting behind it
  std::size_t sent_ = 0;
  bool read_pending_ = false, write_pending_ = false;
  bool plain_waiting_ = false;  // TLS: decrypted bytes may be left because `in` was full
  bool closed_ = false, end_told_ = false, write_broken_ = false;
  End end_ = End::kNot;
};

}  // namespace baton::net
