#include "net/stream.h"

#include <array>

namespace baton::net {
namespace {
constexpr std::size_t kCipherRead = 16 * 1024;
constexpr std::size_t kMaxPieces = 8;
}  // namespace

struct Stream::ReadDone {
  Ref<Owner> keep;
  Stream* stream;
  void operator()(const asio::error_code& error, std::size_t n) { stream->FinishRead(error, n); }
};

struct Stream::WriteDone {
  Ref<Owner> keep;
  Stream* stream;
  void operator()(const asio::error_code& error, std::size_t n) { stream->FinishWrite(error, n); }
};

Stream::Stream(AsioLoop& loop, Socket socket, Owner& owner, std::size_t buffer)
    : in(buffer), loop_(loop), owner_(owner), socket_(std::move(socket)) {
  asio::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Stream::StartTls(std::unique_ptr<TlsSession> tls) {
  tls_ = std::move(tls);
  cipher_in_ = std::make_unique_for_overwrite<char[]>(kCipherRead);
  std::size_t none = 0;
  if (tls_->Read(in.end(), in.spare(), none) == TlsSession::Step::kFailed) SetEnd(End::kTlsFailed);
  FlushTls();  // a client's first message
}

void Stream::DropTls() {
  tls_.reset();
  end_ = End::kNot;
  end_told_ = false;
}

void Stream::Read() {
  if (read_pending_ || closed_ || end_ != End::kNot || in.spare() == 0) return;
  if (!plain_waiting_) return ArmRead();
  // OpenSSL holds bytes that no event of the socket will announce.
  read_pending_ = true;
  loop_.Post([this, keep = Ref<Owner>(&owner_)] {
    read_pending_ = false;
    if (!closed_) Decrypt();
  });
}

void Stream::ArmRead() {
  read_pending_ = true;
  const auto room = tls_ ? asio::buffer(cipher_in_.get(), kCipherRead) : asio::buffer(in.end(), in.spare());
  socket_.async_read_some(room, ReadDone{Ref<Owner>(&owner_), this});
}

void Stream::FinishRead(const asio::error_code& error, std::size_t n) {
  AsioLoop::Turn turn(loop_);
  read_pending_ = false;
  if (closed_) return;
  if (error) {
    SetEnd(error == asio::error::eof ? End::kEof : End::kReset);
    return TellEnd();
  }
  if (tls_) {
    tls_->Feed(cipher_in_.get(), n);
    return Decrypt();
  }
  in.Append(n);
  owner_.OnBytes();
}

void Stream::Decrypt() {
  std::size_t total = 0;
  const bool was_handshaken = tls_->handshaken();
  TlsSession::Step step = TlsSession::Step::kBytes;
  while (in.spare() > 0) {
    std::size_t got = 0;
    step = tls_->Read(in.end(), in.spare(), got);
    if (step != TlsSession::Step::kBytes) break;
    in.Append(got);
    total += got;
  }
  plain_waiting_ = step == TlsSession::Step::kBytes;
  FlushTls();
  if (closed_) return;
  if (step == TlsSession::Step::kClosed) SetEnd(End::kEof);
  if (step == TlsSession::Step::kFailed) SetEnd(End::kTlsFailed);
  if (total > 0 || was_handshaken != tls_->handshaken()) owner_.OnBytes();
  if (end_ != End::kNot) return TellEnd();
  if (total == 0) Read();  // only a part of a record, or of the handshake
}

void Stream::FlushTls() {
  cipher_out_.clear();
  tls_->TakeOutput(cipher_out_);
  if (cipher_out_.empty()) return;
  const std::string_view piece = cipher_out_;
  WriteRaw({&piece, 1});
}

void Stream::Write(std::span<const std::string_view> pieces) {
  if (closed_ || write_broken_ || (end_ != End::kNot && end_ != End::kEof)) return;
  if (!tls_) return WriteRaw(pieces);
  for (const std::string_view piece : pieces) {
    if (!tls_->Write(piece)) {
      SetEnd(End::kTlsFailed);
      break;
    }
  }
  FlushTls();
}

void Stream::WriteRaw(std::span<const std::string_view> pieces) {
  if (write_broken_) return;
  std::size_t done = 0;
  if (!write_pending_) {
    std::array<asio::const_buffer, kMaxPieces> buffers;
    std::size_t count = 0;
    for (const std::string_view p : pieces) {
      if (!p.empty() && count < kMaxPieces) buffers[count++] = asio::buffer(p.data(), p.size());
    }
    if (count == 0) return;
    asio::error_code error;
    done = count == 1 ? socket_.write_some(asio::const_buffer(buffers[0]), error)
                      : socket_.write_some(std::span(buffers.data(), count), error);
    if (error && error != asio::error::would_block && error != asio::error::try_again) {
      return WriteFailed();
    }
  }
  for (std::string_view p : pieces) {
    const std::size_t skip = std::min(done, p.size());
    done -= skip;
    unsent_.append(p.substr(skip));
  }
  if (!unsent_.empty() && !write_pending_) ArmWrite();
}

// The peer no longer takes bytes, but what it said last may still lie in our receive queue (a reply that came
// before the whole request was sent). So the pending read has the last word.
void Stream::WriteFailed() {
  write_broken_ = true;
  sending_.clear();
  unsent_.clear();
  sent_ = 0;
  if (read_pending_) return;
  SetEnd(End::kReset);
  loop_.Post([this, keep = Ref<Owner>(&owner_)] { TellEnd(); });
}

void Stream::ArmWrite() {
  if (sent_ == sending_.size()) {
    sending_.clear();
    sent_ = 0;
    sending_.swap(unsent_);
  }
  if (sending_.empty()) return;
  write_pending_ = true;
  socket_.async_write_some(asio::buffer(sending_.data() + sent_, sending_.size() - sent_),
                           WriteDone{Ref<Owner>(&owner_), this});
}

void Stream::FinishWrite(const asio::error_code& error, std::size_t n) {
  AsioLoop::Turn turn(loop_);
  write_pending_ = false;
  if (closed_) return;
  if (error) return WriteFailed();
  sent_ += n;
  ArmWrite();
  owner_.OnSent();
}

void Stream::ShutdownSend() {
  if (closed_) return;
  if (tls_) {
    tls_->Close();
    FlushTls();
  }
  asio::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::Close(bool hard) {
  if (closed_) return;
  closed_ = true;
  asio::error_code ignored;
  if (hard) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  sending_.clear();
  unsent_.clear();
  sent_ = 0;
}

void Stream::SetEnd(End end) {
  if (end_ == End::kNot || end_ == End::kEof) end_ = end;
}

void Stream::TellEnd() {
  if (closed_ || std::exchange(end_told_, true)) return;
  owner_.OnEnd();
}

}  // namespace baton::net
