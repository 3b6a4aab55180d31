// The Reply half of a connection: heads, chunks, back-pressure.
#include <algorithm>
#include <array>
#include <charconv>

#include "net/server_connection.h"

namespace baton::net {
namespace {
constexpr std::size_t kSlice = 256 * 1024;  // of a large body, between two looks at the backlog
constexpr std::size_t kKeepChunk = 64 * 1024;

bool ForbidsBody(int status) {
  return status < 200 || status == 204 || status == 304;
}
}  // namespace

bool ServerConnection::alive() const {
  return !stream_.closed() && stream_.end() == Stream::End::kNot &&
         !(gone_ && gone_->why() == Cancel::Why::kClientGone);
}

Status ServerConnection::AliveStatus() const {
  if (alive()) return {};
  return Fail(Code::kCancelled, "the client has closed the connection", "client_gone");
}

void ServerConnection::BuildHead(int status, const HeaderList& headers, Framing framing, std::size_t length) {
  if (core_->draining) keep_alive_ = false;
  if (framing == Framing::kClose) keep_alive_ = false;
  started_ = true;
  framing_ = framing;
  if (ForbidsBody(status)) head_only_ = true;
  head_.clear();
  AppendStatusLine(head_, status);
  if (const int refused = AppendHeaders(head_, headers)) core_->dropped_headers.Add(refused);
  if (framing == Framing::kLength && !ForbidsBody(status))
    AppendNumberHeader(head_, "Content-Length", length);
  if (framing == Framing::kChunked && !ForbidsBody(status)) head_ += "Transfer-Encoding: chunked\r\n";
  head_ += "Date: ";
  head_ += core_->date.Now();
  if (!keep_alive_) {
    head_ += "\r\nConnection: close\r\n\r\n";
  } else if (parser_.http_1_0()) {
    head_ += "\r\nConnection: keep-alive\r\n\r\n";
  } else {
    head_ += "\r\n\r\n";
  }
}

void ServerConnection::WritePieces(std::span<const std::string_view> pieces) {
  stream_.Write(pieces);
  if (stream_.backlog() > 0 && !write_deadline_.IsSet()) {
    write_deadline_.Set(core_->loop.Now() + limits_.write);
  }
}

Task<Status> ServerConnection::WaitForBacklog(std::size_t limit) {
  while (alive() && stream_.backlog() > limit) {
    wait_limit_ = limit;
    co_await Wait{writer_};
  }
  co_return AliveStatus();
}

// Small replies of our own, outside the handler.
void ServerConnection::SendNow(int status, const HeaderList& headers, std::string_view body) {
  BuildHead(status, headers, Framing::kLength, body.size());
  const std::array<std::string_view, 2> pieces = {head_, head_only_ ? std::string_view() : body};
  WritePieces(pieces);
  finished_ = true;
}

Task<Status> ServerConnection::Send(int status, const HeaderList& headers, std::string_view body) {
  if (started_) co_return Fail(Code::kInternal, "this request was answered already", "answered_twice");
  BuildHead(status, headers, Framing::kLength, body.size());
  if (head_only_) body = {};
  const std::array<std::string_view, 2> first = {head_, body.substr(0, kSlice)};
  WritePieces(first);
  body.remove_prefix(first[1].size());
  while (!body.empty()) {
    CO_TRY_VOID(co_await WaitForBacklog(limits_.high_water));
    const std::string_view next = body.substr(0, kSlice);
    WritePieces({&next, 1});
    body.remove_prefix(next.size());
  }
  finished_ = true;
  co_return AliveStatus();
}

void ServerConnection::Start(int status, const HeaderList& headers) {
  if (started_) return;
  // HTTP/1.0 knows no chunks: there the end of the connection is the end of the body.
  BuildHead(status, headers, parser_.http_1_0() ? Framing::kClose : Framing::kChunked, 0);
}

void ServerConnection::Write(std::string_view bytes) {
  if (!head_only_) chunk_ += bytes;
}

// Everything written since the last time goes out as one chunk, with the head if that is still here.
void ServerConnection::SendChunk(bool last) {
  char digits[20];
  std::array<std::string_view, 5> pieces;
  std::size_t count = 0;
  const bool chunked = framing_ == Framing::kChunked && !head_only_;
  pieces[count++] = head_;
  if (!chunk_.empty()) {
    if (chunked) {
      char* end = std::to_chars(digits, digits + 16, chunk_.size(), 16).ptr;
      *end++ = '\r';
      *end++ = '\n';
      pieces[count++] = {digits, static_cast<std::size_t>(end - digits)};
    }
    pieces[count++] = chunk_;
    if (chunked) pieces[count++] = "\r\n";
  }
  if (last && chunked) pieces[count++] = "0\r\n\r\n";
  WritePieces({pieces.data(), count});
  head_.clear();
  chunk_.clear();
  if (chunk_.capacity() > kKeepChunk) chunk_ = std::string();
}

Task<Status> ServerConnection::Flush() {
  CO_TRY_VOID(AliveStatus());
  SendChunk(false);
  if (stream_.backlog() > limits_.high_water) {
    CO_TRY_VOID(co_await WaitForBacklog(limits_.high_water / 2));
  }
  co_return AliveStatus();
}

Task<Status> ServerConnection::Finish() {
  CO_TRY_VOID(AliveStatus());
  SendChunk(true);
  finished_ = true;
  co_return co_await WaitForBacklog(0);
}

void ServerConnection::Abort() {
  started_ = true;
  stream_.Close(true);
}

}  // namespace baton::net
