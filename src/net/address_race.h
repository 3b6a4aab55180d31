// Which of a host's addresses answers first (RFC 8305, "Happy Eyeballs"). Internal to net/.
//
// Problem: a name often has IPv6 and IPv4 addresses and one family may lead nowhere; trying them one after
// another costs every new connection a connect time-out. Options: remember what worked (wrong the first time
// and after every change of the network), or start the next address a little later without giving up the
// first. We race: one more SYN in the bad case, nothing in the good one.
#pragma once

#include <optional>
#include <vector>

#include "base/cancel.h"
#include "base/task.h"
#include "net/stream.h"

namespace baton::net {

inline constexpr Duration kStagger = std::chrono::milliseconds(250);  // RFC 8305, section 5

// Families take turns, beginning with the first address's; within a family the resolver's order stays.
std::vector<Endpoint> InTurns(const std::vector<Endpoint>& addresses);

struct Raced {
  std::optional<Socket> socket;  // connected
  // Without a socket: every address has failed, the last one with `error`. Otherwise time or cancel ended it.
  bool all_failed = false;
  asio::error_code error;
};

// Begins with the first address; the next one starts when the latest has failed or after `stagger`. The first
// to connect wins, the others are closed before this returns. Ends at `until`, `whole` or `cancel`.
Task<Raced> Race(AsioLoop& loop, std::vector<Endpoint> addresses, Duration stagger, TimePoint until,
                 Deadline whole, Cancel* cancel);

}  // namespace baton::net
