#include "net/dialer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/signal.h"

namespace baton::net {
namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, AsioLoop::Executor>;

constexpr Duration kRemember = std::chrono::seconds(30);
constexpr std::size_t kMaxKnown = 4096;

// What an operation and its waiter share; the operation may end after the waiter has lost patience.
struct Resolving : RefCounted {
  explicit Resolving(AsioLoop& loop) : resolver(loop.io()), done(loop) {}
  Resolver resolver;
  Signal done;
  asio::error_code error;
  std::vector<Endpoint> endpoints;
};

struct Connecting : RefCounted {
  explicit Connecting(AsioLoop& loop) : socket(loop.io()), done(loop) {}
  Socket socket;
  Signal done;
  asio::error_code error;
};

// Why a wait ended early.
Error Impatience(Cancel* cancel, Deadline whole, TimePoint now, const Origin& origin) {
  if (cancel && cancel->fired())
    return Fail(Code::kCancelled, "cancelled: whoever asked has left", "cancelled");
  if (whole.Passed(now)) return Fail(Code::kDeadline, "the time for the whole request is over", "deadline");
  return Fail(Code::kUnavailable, fmt::format("no connection to {}:{} in time", origin.host, origin.port),
              "connect_timeout");
}

}  // namespace

Task<Result<std::vector<Endpoint>>> Dialer::Resolve(const Origin& origin, TimePoint until, Deadline whole,
                                                    Cancel* cancel) {
  asio::error_code error;
  const auto address = asio::ip::make_address(origin.host, error);
  if (!error) co_return std::vector<Endpoint>{Endpoint(address, origin.port)};
  const std::string key = fmt::format("{}:{}", origin.host, origin.port);
  const auto at = known_.find(key);
  if (at != known_.end() && loop_.Now() < at->second.until) co_return at->second.endpoints;

  Ref<Resolving> state(new Resolving(loop_));
  state->resolver.async_resolve(
      origin.host, std::to_string(origin.port),
      [state](const asio::error_code& failed, const Resolver::results_type& results) {
        state->error = failed;
        for (const auto& r : results) state->endpoints.push_back(r.endpoint());
        state->done.Set();
      });
  const bool answered = co_await state->done.Wait(cancel, Deadline(until).Earlier(whole));
  if (!answered) {
    state->resolver.cancel();
    co_return Impatience(cancel, whole, loop_.Now(), origin);
  }
  if (state->error || state->endpoints.empty()) {
    co_return Fail(Code::kUnavailable,
                   fmt::format("cannot find the address of '{}': {}", origin.host, state->error.message()),
                   "dns_failed");
  }
  if (known_.size() >= kMaxKnown) known_.clear();
  known_[key] = Known{state->endpoints, loop_.Now() + kRemember};
  co_return state->endpoints;
}

Task<Result<Socket>> Dialer::Dial(const Origin& origin, TimePoint until, Deadline whole, Cancel* cancel) {
  CO_TRY(const std::vector<Endpoint> endpoints, co_await Resolve(origin, until, whole, cancel));
  asio::error_code last;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const TimePoint now = loop_.Now();
    // An address that swallows packets must leave time for the next ones.
    const auto left = static_cast<Duration::rep>(endpoints.size() - i);
    const TimePoint share = now + std::max(Duration::zero(), until - now) / left;
    Ref<Connecting> state(new Connecting(loop_));
    state->socket.async_connect(endpoints[i], [state](const asio::error_code& error) {
      state->error = error;
      state->done.Set();
    });
    const bool answered = co_await state->done.Wait(cancel, Deadline(share).Earlier(whole));
    if (answered && !state->error) co_return std::move(state->socket);
    last = answered ? state->error : asio::error_code(asio::error::timed_out);
    asio::error_code ignored;
    state->socket.close(ignored);
    const bool over = (cancel && cancel->fired()) || whole.Passed(loop_.Now());
    if (over || (!answered && i + 1 == endpoints.size()))
      co_return Impatience(cancel, whole, loop_.Now(), origin);
  }
  co_return Fail(Code::kUnavailable,
                 fmt::format("cannot connect to {}:{}: {}", origin.host, origin.port, last.message()),
                 last == asio::error::timed_out ? "connect_timeout" : "connect_refused");
}

}  // namespace baton::net
