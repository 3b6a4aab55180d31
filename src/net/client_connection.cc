#include "net/client_connection.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "net/http.h"

namespace baton::net {
namespace {

constexpr std::size_t kBuffer = 8 * 1024;
constexpr std::size_t kBodyBuffer = 64 * 1024;
constexpr std::size_t kMinBodyRoom = 4 * 1024;
constexpr std::size_t kSlice = 256 * 1024;  // of a large request body, between two looks at the backlog
constexpr std::size_t kMaxHeaders = 500;
constexpr int kMaxInterim = 32;

}  // namespace

ClientConnection::ClientConnection(AsioLoop& loop, Socket socket, std::size_t max_header_bytes)
    : loop_(loop),
      stream_(loop, std::move(socket), *this, kBuffer),
      parser_(HttpParser::Kind::kResponse, {max_header_bytes, kMaxHeaders}),
      deadline_(loop, [this] { OnDeadline(); }) {}

// --- waiting and failing ---

void ClientConnection::Watch(Cancel* cancel) {
  if (!cancel) return;
  on_cancel_ = cancel->OnFire([this] {
    Fail(baton::Fail(Code::kCancelled, "cancelled: whoever asked has left", "cancelled"));
    WakeLater();
  });
}

void ClientConnection::WakeLater() {
  loop_.Post([keep = Ref<ClientConnection>(this)] { keep->Wake(); });
}

void ClientConnection::SetPhaseDeadline(Duration phase) {
  const TimePoint now = loop_.Now();
  const bool unlimited = phase >= TimePoint::max() - now;
  deadline_.Set(std::min(unlimited ? TimePoint::max() : now + phase, timeouts_.whole.at()));
}

void ClientConnection::OnDeadline() {
  if (phase_ == Phase::kIdle) {
    stream_.Close();
    if (gone_)
      loop_.Post([keep = Ref<ClientConnection>(this), gone = std::move(gone_)] { gone(keep.get()); });
    return;
  }
  if (timeouts_.whole.Passed(loop_.Now())) {
    Fail(baton::Fail(Code::kDeadline, "the time for the whole request is over", "deadline"));
  } else if (phase_ == Phase::kConnect) {
    Fail(baton::Fail(Code::kUnavailable, "the TLS handshake did not end in time", "connect_timeout"));
  } else if (phase_ == Phase::kBody) {
    Fail(baton::Fail(Code::kUnavailable, "the reply stopped: no byte came for too long",
                     "between_bytes_timeout"));
  } else {
    Fail(baton::Fail(Code::kUnavailable, "no reply came in time", "first_byte_timeout"));
  }
  WakeLater();
}

void ClientConnection::Fail(Error error) {
  if (!error_) error_ = std::move(error);
  deadline_.Clear();
  HangUp();
}

void ClientConnection::Close() {
  on_cancel_.Reset();
  deadline_.Clear();
  HangUp();
}

// A request that is only half sent must not linger in the kernel's buffers.
void ClientConnection::HangUp() {
  stream_.Close(stream_.backlog() > 0);
}

Error ClientConnection::EndError() const {
  if (stream_.end() == Stream::End::kTlsFailed) {
    return baton::Fail(Code::kUnavailable, "TLS failed: " + stream_.session().failure(), "tls_failed");
  }
  if (phase_ == Phase::kConnect) {
    return baton::Fail(Code::kUnavailable, "the server closed the connection during the TLS handshake",
                       "tls_failed");
  }
  if (phase_ == Phase::kBody) {
    return baton::Fail(Code::kUnavailable, "the connection closed in the middle of the reply",
                       "closed_in_body");
  }
  return baton::Fail(Code::kUnavailable, "the server closed the connection before it replied",
                     "closed_before_reply");
}

// --- events ---

void ClientConnection::OnBytes() {
  got_bytes_ = true;
  switch (phase_) {
    case Phase::kIdle:  // nobody asked: a time-out notice, or a server that counts differently
      stream_.Close();
      if (gone_) std::exchange(gone_, nullptr)(this);
      return;
    case Phase::kSend:
    case Phase::kHead:
      ParseHead();
      if (error_ || phase_ == Phase::kBody || phase_ == Phase::kDone) return Wake();
      if (stream_.in.spare() == 0) stream_.in.Resize(2 * stream_.in.capacity());
      return stream_.Read();
    case Phase::kConnect:
    case Phase::kBody:
    case Phase::kDone:
      return Wake();
  }
}

void ClientConnection::OnEnd() {
  if (phase_ == Phase::kIdle) {
    stream_.Close();
    if (gone_) std::exchange(gone_, nullptr)(this);
    return;
  }
  if (phase_ == Phase::kSend || phase_ == Phase::kHead) {
    untouched_ = !got_bytes_;
    Fail(EndError());
  }
  Wake();
}

void ClientConnection::OnSent() {
  if (phase_ != Phase::kSend) return;
  SetPhaseDeadline(timeouts_.first_byte);
  Wake();
}

// --- one exchange ---

Task<Status> ClientConnection::Handshake(Ref<ClientConnection> self, std::unique_ptr<TlsSession> tls,
                                         Duration time, Deadline whole, Cancel* cancel) {
  ClientConnection& c = *self;
  c.timeouts_.whole = whole;
  c.Watch(cancel);
  c.SetPhaseDeadline(time);
  c.stream_.StartTls(std::move(tls));
  while (!c.error_ && !c.stream_.handshaken()) {
    if (c.stream_.end() != Stream::End::kNot) {
      c.Fail(c.EndError());
      break;
    }
    c.stream_.Read();
    co_await Wait{c.waiter_};
  }
  c.on_cancel_.Reset();
  c.deadline_.Clear();
  if (c.error_) co_return *c.error_;
  co_return Status();
}

void ClientConnection::Begin(const ClientRequest& request, PhaseTimeouts timeouts, Cancel* cancel) {
  phase_ = Phase::kSend;
  timeouts_ = timeouts;
  error_.reset();
  untouched_ = got_bytes_ = sent_all_ = false;
  interim_ = 0;
  parsed_ = 0;
  body_size_ = 0;
  body_taken_ = true;
  parser_.Reset();
  if (request.method == "HEAD") parser_.ExpectNoBody();
  Watch(cancel);
  SetPhaseDeadline(timeouts_.first_byte);
}

Task<Status> ClientConnection::Exchange(Ref<ClientConnection> self, std::string_view head,
                                        const ClientRequest& request, PhaseTimeouts timeouts,
                                        Cancel* cancel) {
  ClientConnection& c = *self;
  c.Begin(request, timeouts, cancel);
  std::string_view body = request.body;
  const std::array<std::string_view, 2> first = {head, body.substr(0, kSlice)};
  c.stream_.Write(first);
  body.remove_prefix(first[1].size());
  c.stream_.Read();
  while (c.phase_ == Phase::kSend && !c.error_) {
    if (!body.empty() && c.stream_.backlog() < kSlice) {
      const std::string_view next = body.substr(0, kSlice);
      c.stream_.Write({&next, 1});
      body.remove_prefix(next.size());
    } else if (body.empty() && c.stream_.backlog() == 0) {
      c.phase_ = Phase::kHead;
      c.sent_all_ = true;
    } else {
      co_await Wait{c.waiter_};
    }
  }
  while (c.phase_ == Phase::kHead && !c.error_) co_await Wait{c.waiter_};
  c.deadline_.Clear();
  if (c.error_) co_return *c.error_;
  co_return Status();
}

void ClientConnection::ParseHead() {
  ReadBuffer& in = stream_.in;
  while (!error_) {
    std::size_t used = 0;
    const auto stop = parser_.Feed(in.begin() + parsed_, in.size() - parsed_, *this, used);
    parsed_ += used;
    if (stop == HttpParser::Stop::kMore) return;
    if (stop == HttpParser::Stop::kError) {
      const bool large = parser_.fault().status == 431;
      return Fail(baton::Fail(Code::kBadUpstream,
                              "the reply is not HTTP as agreed: " + parser_.fault().message,
                              large ? "reply_too_large" : "malformed_reply"));
    }
    if (parser_.status() >= 200) return TakeHead();
    if (!SkipInterim()) return;
  }
}

// "100 Continue" and its kind: not the reply yet.
bool ClientConnection::SkipInterim() {
  std::size_t used = 0;
  const bool done = parser_.status() != 101 && ++interim_ <= kMaxInterim &&
                    parser_.Feed(stream_.in.begin() + parsed_, 0, *this, used) == HttpParser::Stop::kDone;
  if (!done) {
    Fail(baton::Fail(Code::kBadUpstream, "the server switched to another protocol or never came to the point",
                     "malformed_reply"));
    return false;
  }
  stream_.in.Consume(parsed_);
  parsed_ = 0;
  parser_.Reset();
  return true;
}

void ClientConnection::TakeHead() {
  ReadBuffer& in = stream_.in;
  parser_.Headers(in.begin(), headers_);
  in.Consume(parsed_);
  body_start_ = in.offset();
  phase_ = Phase::kBody;
  ParseBody();  // what came with the head; also tells when there is no body at all
}

void ClientConnection::OnBody(const char* data, std::size_t size) {
  body_taken_ = false;
  if (body_size_ == 0) {
    body_ = const_cast<char*>(data);
  } else if (body_ + body_size_ != data) {
    std::memmove(body_ + body_size_, data, size);  // closes the gap that a chunk's size line left
  }
  body_size_ += size;
}

void ClientConnection::ParseBody() {
  ReadBuffer& in = stream_.in;
  std::size_t used = 0;
  const auto stop = parser_.Feed(in.begin(), in.size(), *this, used);
  in.Consume(used);
  if (stop == HttpParser::Stop::kDone) {
    phase_ = Phase::kDone;
    deadline_.Clear();
  } else if (stop == HttpParser::Stop::kError) {
    Fail(baton::Fail(Code::kBadUpstream, "the reply's body is malformed: " + parser_.fault().message,
                     "malformed_reply"));
  }
}

void ClientConnection::EndOfBody() {
  if (stream_.end() == Stream::End::kEof && parser_.FeedEof() == HttpParser::Stop::kDone) {
    phase_ = Phase::kDone;
  } else {
    Fail(EndError());
  }
}

// Everything read was used: the room behind the head is free again. When it is small, or a read filled it,
// the rest of the body gets memory of its own and the head stays where its views point.
void ClientConnection::MakeBodyRoom() {
  ReadBuffer& in = stream_.in;
  const bool filled = in.spare() == 0;
  in.RestartAt(body_start_);
  if (head_memory_ || (!filled && in.spare() >= kMinBodyRoom)) return;
  head_memory_.emplace(std::move(in));
  in = ReadBuffer(kBodyBuffer);
  body_start_ = 0;
}

Task<Result<std::string_view>> ClientConnection::ReadBody(Ref<ClientConnection> self) {
  ClientConnection& c = *self;
  for (;;) {
    if (!std::exchange(c.body_taken_, true) && c.body_size_ > 0) {
      co_return std::string_view(c.body_, std::exchange(c.body_size_, 0));
    }
    if (c.error_) co_return *c.error_;
    if (c.phase_ == Phase::kDone) co_return std::string_view();
    if (!c.stream_.in.empty()) {
      c.ParseBody();
      continue;
    }
    if (c.stream_.end() != Stream::End::kNot) {
      c.EndOfBody();
      continue;
    }
    c.MakeBodyRoom();
    c.SetPhaseDeadline(c.timeouts_.between_bytes);
    c.stream_.Read();
    co_await Wait{c.waiter_};
    c.deadline_.Clear();
  }
}

Task<Result<std::string>> ClientConnection::ReadAll(Ref<ClientConnection> self, std::size_t limit) {
  const auto too_large = [limit] {
    return baton::Fail(Code::kBadUpstream, "the reply is longer than " + std::to_string(limit) + " bytes",
                       "reply_too_large");
  };
  std::string all;
  const std::uint64_t promised = self->parser_.content_length().value_or(0);
  if (promised > limit && self->phase_ != Phase::kDone) co_return too_large();
  all.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(promised, kBodyBuffer)) + kBodyPadding);
  for (;;) {
    CO_TRY(const std::string_view piece, co_await ReadBody(self));
    if (piece.empty()) break;
    if (all.size() + piece.size() > limit) co_return too_large();
    all += piece;
  }
  if (all.capacity() < all.size() + kBodyPadding) all.reserve(all.size() + kBodyPadding);
  co_return all;
}

// --- between exchanges ---

bool ClientConnection::Reusable() const {
  return phase_ == Phase::kDone && !error_ && sent_all_ && parser_.keep_alive() && stream_.in.empty() &&
         !stream_.closed() && stream_.end() == Stream::End::kNot;
}

void ClientConnection::Park(Duration idle, std::function<void(ClientConnection*)> gone) {
  on_cancel_.Reset();
  phase_ = Phase::kIdle;
  timeouts_ = {};
  gone_ = std::move(gone);
  if (head_memory_) {
    stream_.in = std::move(*head_memory_);
    head_memory_.reset();
  }
  if (stream_.in.capacity() > 2 * kBuffer) stream_.in = ReadBuffer(kBuffer);
  stream_.in.RestartAt(0);
  SetPhaseDeadline(idle);
  stream_.Read();  // so that the server's closing is seen at once
}

bool ClientConnection::Unpark() {
  gone_ = nullptr;
  deadline_.Clear();
  return !stream_.closed() && stream_.end() == Stream::End::kNot;
}

}  // namespace baton::net
