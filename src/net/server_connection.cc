#include "net/server_connection.h"

#include <algorithm>

namespace baton::net {
namespace {

constexpr std::size_t kBuffer = 8 * 1024;       // holds a usual request and the start of the next
constexpr std::size_t kBodyBuffer = 64 * 1024;  // while a large body arrives
constexpr std::size_t kMinSpare = 1024;
// A client that is being refused may still be sending: up to this much is read and thrown away.
constexpr std::size_t kMaxDiscard = 512 * 1024 * 1024;
constexpr Duration kClosingSilence = std::chrono::seconds(3);
constexpr Duration kClosingSilenceInDrain = std::chrono::milliseconds(250);
constexpr Duration kClosingTime = std::chrono::seconds(30);
constexpr char kTlsHandshakeByte = 0x16;

// The path of "/p?q" and of "http://host/p?q".
std::string_view OriginForm(std::string_view target) {
  if (target.starts_with('/')) return target;
  const auto scheme = target.find("://");
  if (scheme == std::string_view::npos) return target;
  const auto slash = target.find('/', scheme + 3);
  return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
}

}  // namespace

ServerConnection::ServerConnection(Ref<ServerCore> core, Socket socket, std::string peer)
    : core_(std::move(core)),
      limits_(core_->options.limits),
      peer_(std::move(peer)),
      stream_(core_->loop, std::move(socket), *this, kBuffer),
      parser_(HttpParser::Kind::kRequest, {limits_.max_header_bytes, limits_.max_header_count}),
      phase_deadline_(core_->loop, [this] { OnPhaseDeadline(); }),
      write_deadline_(core_->loop, [this] { OnWriteDeadline(); }) {}

Task<void> ServerConnection::Serve(Ref<ServerConnection> self, bool full) {
  ServerConnection& c = *self;
  c.core_->connections.insert(&c);
  c.core_->open.Add(1);
  if (c.core_->tls) c.stream_.StartTls(c.core_->tls->Accept());
  c.phase_deadline_.Set(c.core_->loop.Now() + c.limits_.idle);
  if (full) c.TurnAway();
  while (!full) {
    const Step step = c.Advance();
    if (step == Step::kEnd) break;
    if (step == Step::kMore) {
      c.Read();
      co_await Wait{c.reader_};
      continue;
    }
    c.BeginRequest();
    {
      Task<void> handling = c.core_->handler(c.request_, c);
      co_await handling;
    }  // its frame goes before what its parameters refer to
    if (!c.EndRequest()) break;
  }
  // From here nothing is read as a request any more; the client gets what was written, and its FIN is
  // awaited.
  c.BeginClosing();
  while (c.StaysOpen()) {
    c.Read();
    co_await Wait{c.reader_};
  }
  c.stream_.Close();
  c.core_->body_bytes -= std::exchange(c.body_bytes_, 0);
  c.core_->connections.erase(&c);
  c.core_->open.Add(-1);
}

// Parses what has arrived. Never suspends.
ServerConnection::Step ServerConnection::Advance() {
  for (;;) {
    if (stream_.closed()) return Step::kEnd;
    if (std::exchange(deadline_passed_, false)) {
      if (phase_ == Phase::kIdle) return Step::kEnd;
      Refuse(408, phase_ == Phase::kHead ? "header_timeout" : "body_timeout",
             "the request did not arrive in time; check the connection and send it again");
      return Step::kEnd;
    }
    ReadBuffer& in = stream_.in;
    if (!parser_.head_done() && in.size() == parsed_) return Ended();
    std::size_t used = 0;
    const auto stop = parser_.Feed(in.begin() + parsed_, in.size() - parsed_, *this, used);
    parsed_ += used;
    if (!over_.empty()) {
      const bool too_large = over_ == "body_too_large";
      Refuse(too_large ? 413 : 503, over_,
             too_large
                 ? "the request body is larger than " + std::to_string(limits_.max_body_bytes) + " bytes"
                 : "too many large requests are being received; try again later");
      return Step::kEnd;
    }
    switch (stop) {
      case HttpParser::Stop::kError:
        Refuse(parser_.fault().status, parser_.fault().reason, parser_.fault().message);
        return Step::kEnd;
      case HttpParser::Stop::kHead:
        if (AfterHead() == Step::kEnd) return Step::kEnd;
        break;  // the body, if only to learn that there is none
      case HttpParser::Stop::kDone:
        return Step::kRequest;
      case HttpParser::Stop::kMore:
        Partly();
        return Ended();
    }
  }
}

// More bytes are needed: will any come?
ServerConnection::Step ServerConnection::Ended() {
  if (stream_.end() == Stream::End::kNot) return Step::kMore;
  if (stream_.end() == Stream::End::kTlsFailed) {
    if (stream_.session().peer_spoke_http()) {
      stream_.DropTls();
      Refuse(400, "plain_on_tls_port", "this port speaks HTTPS: begin the URL with https://");
    } else {
      core_->CountRefusal("tls_failed");
    }
  }
  return Step::kEnd;
}

// A part of a request is here. Requests that arrive whole never come by and cost no deadline.
void ServerConnection::Partly() {
  if (parser_.head_done()) {
    // The body was copied out; its room can be read into again, unless a read is under way behind it.
    if (!stream_.read_pending()) {
      stream_.in.TruncateTo(parser_.head_size());
      parsed_ = parser_.head_size();
    }
    if (phase_ != Phase::kBody) phase_deadline_.Set(request_.received + limits_.body);
    phase_ = Phase::kBody;
  } else if (phase_ == Phase::kIdle) {
    phase_ = Phase::kHead;
    phase_deadline_.Set(core_->loop.Now() + limits_.header);
  }
}

ServerConnection::Step ServerConnection::AfterHead() {
  const auto length = parser_.content_length();
  if (length && *length > limits_.max_body_bytes) {
    Refuse(413, "body_too_large",
           "the request body is larger than " + std::to_string(limits_.max_body_bytes) + " bytes");
    return Step::kEnd;
  }
  request_.received = core_->loop.Now();
  request_.body.clear();
  if (length) {
    // A length is only a promise: make room at once for what a buffer holds, for more as it comes.
    request_.body.reserve(std::min<std::size_t>(*length, kBodyBuffer) + kBodyPadding);
  }
  const bool body_follows = parser_.chunked() || (length && *length > 0);
  if (parser_.expects_continue() && body_follows && stream_.in.size() == parsed_) {
    const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    WritePieces({&go_on, 1});
  }
  return Step::kMore;
}

void ServerConnection::OnBody(const char* data, std::size_t size) {
  if (!over_.empty()) return;
  if (request_.body.size() + size > limits_.max_body_bytes) {
    over_ = "body_too_large";
    return;
  }
  if (core_->body_bytes + size > limits_.max_body_bytes_in_flight) {
    over_ = "bodies_in_flight";
    return;
  }
  core_->body_bytes += size;
  body_bytes_ += size;
  std::string& body = request_.body;
  const std::size_t need = body.size() + size + kBodyPadding;
  if (body.capacity() < need) {
    const std::size_t promised =
        static_cast<std::size_t>(parser_.content_length().value_or(0)) + kBodyPadding;
    body.reserve(std::max(need, std::min(2 * body.capacity(), std::max(need, promised))));
  }
  body.append(data, size);
}

void ServerConnection::MakeRoom() {
  ReadBuffer& in = stream_.in;
  if (phase_ == Phase::kBody && in.capacity() < kBodyBuffer && request_.body.size() >= kBuffer) {
    in.Resize(parser_.head_size() + kBodyBuffer);
  } else if (in.capacity() > 2 * kBuffer && phase_ != Phase::kBody && in.size() <= kBuffer / 2) {
    in.Resize(kBuffer);
  } else if (in.empty() || in.spare() < kMinSpare) {
    in.Compact();
  }
  if (in.spare() < kMinSpare) in.Resize(std::max(kBuffer, 2 * in.capacity()));
}

// Keeps one read pending, so that bytes and the client's leaving are seen at once.
void ServerConnection::Read() {
  if (stream_.read_pending() || stream_.closed()) return;
  // While the handler runs, its views pin the buffer.
  if (phase_ == Phase::kClosing) {
    stream_.in.RestartAt(0);
    if (discarded_ > kBuffer && stream_.in.capacity() < kBodyBuffer) stream_.in = ReadBuffer(kBodyBuffer);
  } else if (phase_ != Phase::kHandling) {
    MakeRoom();
  }
  stream_.Read();
}

void ServerConnection::OnBytes() {
  if (phase_ == Phase::kClosing) {
    discarded_ += stream_.in.size();
    phase_deadline_.Set(std::min(closing_until_, core_->loop.Now() + kClosingSilence));
  }
  if (phase_ != Phase::kHandling) Wake(reader_);
  Read();
}

void ServerConnection::OnEnd() {
  if (phase_ == Phase::kHandling) {
    gone_->Fire(Cancel::Why::kClientGone);
    Wake(writer_);
  } else {
    Wake(reader_);
  }
}

void ServerConnection::OnSent() {
  if (stream_.backlog() == 0) {
    write_deadline_.Clear();
  } else {
    write_deadline_.Set(core_->loop.Now() + limits_.write);
  }
  if (phase_ == Phase::kClosing) {
    Wake(reader_);
  } else if (stream_.backlog() <= wait_limit_) {
    Wake(writer_);
  }
}

void ServerConnection::BeginRequest() {
  // The read that stays pending during the handler needs room, and views must not move after this.
  if (!stream_.read_pending()) MakeRoom();
  phase_ = Phase::kHandling;
  phase_deadline_.Clear();
  core_->requests.Add();
  const char* message = stream_.in.begin();
  request_.method = parser_.Method();
  request_.target = parser_.Target(message);
  const std::string_view path = OriginForm(request_.target);
  const auto mark = path.find('?');
  request_.path = path.substr(0, mark);
  request_.query = mark == std::string_view::npos ? std::string_view() : path.substr(mark + 1);
  parser_.Headers(message, request_.headers);
  request_.peer = peer_;
  if (request_.body.capacity() < request_.body.size() + kBodyPadding) {
    request_.body.reserve(request_.body.size() + kBodyPadding);
  }
  keep_alive_ = parser_.keep_alive();
  head_only_ = request_.method == "HEAD";
  started_ = finished_ = false;
  gone_.emplace();
}

// True when the next request may be read.
bool ServerConnection::EndRequest() {
  if (!started_ && alive()) {
    core_->CountRefusal("no_reply");
    const auto [body, type] = core_->ErrorBody(500, "internal", "the server gave no answer; this is a bug");
    SendNow(500, {{"Content-Type", type}}, body);
  } else if (started_ && !finished_) {
    Abort();
  }
  gone_.reset();
  core_->body_bytes -= std::exchange(body_bytes_, 0);
  stream_.in.Consume(parsed_);
  parsed_ = 0;
  parser_.Reset();
  if (request_.body.capacity() > kBuffer)
    request_.body = std::string();  // ten thousand idle connections add up
  if (stream_.closed() || !keep_alive_ || core_->draining) return false;
  phase_ = Phase::kIdle;
  phase_deadline_.Set(core_->loop.Now() + limits_.idle);
  return true;
}

void ServerConnection::Refuse(int status, std::string_view reason, std::string_view message) {
  // What a TLS client sends first is no method either; give the mistake its own name.
  const bool tls_hello = status == 400 && !stream_.tls() && reason == "malformed_head" &&
                         !stream_.in.empty() && *stream_.in.begin() == kTlsHandshakeByte;
  if (tls_hello) {
    reason = "tls_on_plain_port";
    message = "this port speaks plain HTTP: begin the URL with http://";
  }
  core_->CountRefusal(reason);
  core_->options.log.Debug("refused {}: {} ({})", peer_, reason, status);
  const auto [body, type] = core_->ErrorBody(status, reason, message);
  keep_alive_ = head_only_ = started_ = false;
  SendNow(status, {{"Content-Type", type}}, body);
}

void ServerConnection::TurnAway() {
  keep_alive_ = false;
  const auto [body, type] =
      core_->ErrorBody(503, "too_many_connections", "too many open connections; try again later");
  SendNow(503, {{"Content-Type", type}, {"Retry-After", "1"}}, body);
}

void ServerConnection::OnPhaseDeadline() {
  deadline_passed_ = true;
  if (phase_ == Phase::kClosing) stream_.Close();
  WakeLater(reader_);
}

// For calls that come from inside a member: waking may end with the destruction of this object.
void ServerConnection::WakeLater(std::coroutine_handle<>& slot) {
  core_->loop.Post([keep = Ref<ServerConnection>(this), &slot] { Wake(slot); });
}

// No progress towards a slow client: it is as good as gone.
void ServerConnection::OnWriteDeadline() {
  core_->CountRefusal("slow_client");
  const bool handling = phase_ == Phase::kHandling;
  stream_.Close(true);
  if (handling) {
    gone_->Fire(Cancel::Why::kClientGone);
    WakeLater(writer_);
  } else {
    WakeLater(reader_);
  }
}

void ServerConnection::BeginClosing() {
  phase_ = Phase::kClosing;
  closing_until_ = core_->loop.Now() + kClosingTime;
  phase_deadline_.Set(closing_until_);
}

// While closing: is there still something to send, or to throw away?
bool ServerConnection::StaysOpen() {
  const Stream::End end = stream_.end();
  if (stream_.closed() || core_->shutdown || end == Stream::End::kReset || end == Stream::End::kTlsFailed) {
    return false;
  }
  if (stream_.backlog() > 0) {
    phase_deadline_.Clear();  // the write deadline watches over it
    return true;
  }
  if (!std::exchange(fin_sent_, true)) {
    stream_.ShutdownSend();
    const TimePoint now = core_->loop.Now();
    closing_until_ = now + kClosingTime;
    phase_deadline_.Set(now + (core_->draining ? kClosingSilenceInDrain : kClosingSilence));
  }
  return end == Stream::End::kNot && discarded_ <= kMaxDiscard;
}

void ServerConnection::CloseIfIdle() {
  if (phase_ != Phase::kIdle && phase_ != Phase::kClosing) return;
  stream_.Close();
  Wake(reader_);
}

void ServerConnection::Shutdown() {
  if (phase_ == Phase::kHandling) {
    gone_->Fire(Cancel::Why::kShutdown);
    return;
  }
  stream_.Close();
  Wake(reader_);
}

}  // namespace baton::net
