#include "net/address_race.h"

#include <algorithm>
#include <memory>

#include "base/signal.h"

namespace baton::net {
namespace {

// What the attempts and their waiter share: an attempt may end after the waiter has left.
struct Attempts : RefCounted {
  explicit Attempts(AsioLoop& l) : loop(l), changed(l) {}
  AsioLoop& loop;
  Signal changed;
  std::vector<std::unique_ptr<Socket>> sockets;
  std::size_t failed = 0;
  std::optional<std::size_t> winner;
  asio::error_code error;  // of the latest failure
};

void Start(const Ref<Attempts>& attempts, const Endpoint& to) {
  const std::size_t i = attempts->sockets.size();
  attempts->sockets.push_back(std::make_unique<Socket>(attempts->loop.io()));
  attempts->sockets[i]->async_connect(to, [attempts, i](const asio::error_code& error) {
    if (error) {
      ++attempts->failed;
      attempts->error = error;
    } else if (!attempts->winner) {
      attempts->winner = i;
    }
    attempts->changed.Set();
  });
}

void CloseLosers(Attempts& attempts) {
  for (std::size_t i = 0; i < attempts.sockets.size(); ++i) {
    asio::error_code ignored;
    if (attempts.winner != i) attempts.sockets[i]->close(ignored);
  }
}

}  // namespace

std::vector<Endpoint> InTurns(const std::vector<Endpoint>& addresses) {
  std::vector<Endpoint> same, other, turns;
  for (const Endpoint& a : addresses) {
    (a.protocol() == addresses.front().protocol() ? same : other).push_back(a);
  }
  for (std::size_t i = 0; i < std::max(same.size(), other.size()); ++i) {
    if (i < same.size()) turns.push_back(same[i]);
    if (i < other.size()) turns.push_back(other[i]);
  }
  return turns;
}

Task<Raced> Race(AsioLoop& loop, std::vector<Endpoint> addresses, Duration stagger, TimePoint until,
                 Deadline whole, Cancel* cancel) {
  Ref<Attempts> attempts(new Attempts(loop));
  TimePoint next_start = loop.Now();
  std::size_t failures_seen = 0;
  while (!attempts->winner && attempts->failed < addresses.size()) {
    const TimePoint now = loop.Now();
    if ((cancel && cancel->fired()) || whole.Passed(now) || now >= until) break;
    const bool more = attempts->sockets.size() < addresses.size();
    if (more && (now >= next_start || attempts->failed > failures_seen)) {
      failures_seen = attempts->failed;
      Start(attempts, addresses[attempts->sockets.size()]);
      next_start = now + stagger;
      continue;
    }
    const Deadline patience = Deadline(more ? std::min(next_start, until) : until).Earlier(whole);
    co_await attempts->changed.Wait(cancel, patience);
  }
  Raced raced;
  CloseLosers(*attempts);
  if (attempts->winner) raced.socket = std::move(*attempts->sockets[*attempts->winner]);
  raced.all_failed = !attempts->winner && attempts->failed == addresses.size();
  raced.error = attempts->error;
  co_return raced;
}

}  // namespace baton::net
