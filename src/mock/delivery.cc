#include "mock/delivery.h"

#include <algorithm>

namespace baton::mock {
namespace {

// Long enough for the bytes already handed over to reach the peer before the connection is broken.
constexpr Duration kBeforeCut = std::chrono::milliseconds(20);
// Keeps pieces apart on the wire; beyond this many the script gets its pieces without the pause.
constexpr Duration kBetweenPieces = std::chrono::milliseconds(1);
constexpr std::size_t kMostPaused = 400;
// A stalled reply holds its connection until the client gives up, but not for ever.
constexpr Duration kLongestStall = std::chrono::minutes(30);

// Where the next byte-level event of the script is: how many of `size` bytes may be sent before it.
std::size_t Room(const std::optional<std::int64_t>& limit, std::int64_t sent, std::size_t size) {
  if (!limit) return size;
  return std::min(size, static_cast<std::size_t>(std::max<std::int64_t>(*limit - sent, 0)));
}

bool Reached(const std::optional<std::int64_t>& limit, std::int64_t sent) {
  return limit && sent >= *limit;
}

Task<bool> BreakOff(Loop& loop, const Fault& fault, net::Reply& reply) {
  if (fault.stall_after) {
    co_await loop.Sleep(kLongestStall, &reply.gone());
    if (reply.gone().fired()) co_return false;
  } else {
    co_await loop.Sleep(kBeforeCut, &reply.gone());
  }
  reply.Abort();
  co_return true;
}

Task<bool> SendPieces(Loop& loop, const Prepared& p, net::Reply& reply) {
  const Fault& f = p.fault;
  std::int64_t sent = 0;
  std::size_t pieces = 0;
  for (const std::string& chunk : p.chunks) {
    for (std::string_view rest = chunk; !rest.empty();) {
      if (Reached(f.cut_after, sent) || Reached(f.stall_after, sent))
        co_return co_await BreakOff(loop, f, reply);
      std::size_t size =
          std::min(Room(f.cut_after, sent, rest.size()), Room(f.stall_after, sent, rest.size()));
      if (f.split_bytes > 0) size = std::min(size, static_cast<std::size_t>(f.split_bytes));
      reply.Write(rest.substr(0, size));
      const Status flushed = co_await reply.Flush();
      if (!flushed) co_return false;
      rest.remove_prefix(size);
      sent += static_cast<std::int64_t>(size);
      if (f.split_bytes > 0 && ++pieces < kMostPaused) co_await loop.Sleep(kBetweenPieces, &reply.gone());
    }
    if (f.per_chunk > Duration::zero()) co_await loop.Sleep(f.per_chunk, &reply.gone());
    if (reply.gone().fired()) co_return false;
  }
  if (Reached(f.cut_after, sent) || Reached(f.stall_after, sent)) co_return co_await BreakOff(loop, f, reply);
  const Status finished = co_await reply.Finish();
  co_return finished.has_value();
}

bool InOnePiece(const Prepared& p) {
  const Fault& f = p.fault;
  return !p.stream && !f.cut_after && !f.stall_after && f.split_bytes == 0;
}

}  // namespace

Task<bool> Deliver(Loop& loop, const Prepared& prepared, net::Reply& reply) {
  if (prepared.fault.latency > Duration::zero()) {
    const bool waited = co_await loop.Sleep(prepared.fault.latency, &reply.gone());
    if (!waited) co_return false;
  }
  if (prepared.fault.close_before_reply) {
    reply.Abort();
    co_return true;
  }
  if (InOnePiece(prepared)) {
    const std::string_view body =
        prepared.chunks.empty() ? std::string_view() : std::string_view(prepared.chunks.front());
    const Status sent = co_await reply.Send(prepared.status, prepared.headers, body);
    co_return sent.has_value();
  }
  reply.Start(prepared.status, prepared.headers);
  co_return co_await SendPieces(loop, prepared, reply);
}

}  // namespace baton::mock
