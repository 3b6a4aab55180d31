#include "net/dialer.h"

#include <fmt/format.h>

#include "base/signal.h"
#include "net/address_race.h"

namespace baton::net {
namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, AsioLoop::Executor>;

constexpr Duration kRemember = std::chrono::seconds(30);
constexpr std::size_t kMaxKnown = 4096, kMaxAddresses = 8;

// What an operation and its waiter share; the operation may end after the waiter has lost patience.
struct Resolving : RefCounted {
  explicit Resolving(AsioLoop& loop) : resolver(loop.io()), done(loop) {}
  Resolver resolver;
  Signal done;
  asio::error_code error;
  std::vector<Endpoint> endpoints;
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
  state->endpoints = InTurns(state->endpoints);
  if (state->endpoints.size() > kMaxAddresses) state->endpoints.resize(kMaxAddresses);
  if (known_.size() >= kMaxKnown) known_.clear();
  known_[key] = Known{state->endpoints, loop_.Now() + kRemember};
  co_return state->endpoints;
}

Task<Result<Socket>> Dialer::Dial(const Origin& origin, TimePoint until, Deadline whole, Cancel* cancel) {
  CO_TRY(std::vector<Endpoint> addresses, co_await Resolve(origin, until, whole, cancel));
  Raced raced = co_await Race(loop_, std::move(addresses), kStagger, until, whole, cancel);
  if (raced.socket) co_return std::move(*raced.socket);
  if (!raced.all_failed) co_return Impatience(cancel, whole, loop_.Now(), origin);
  co_return Fail(Code::kUnavailable,
                 fmt::format("cannot connect to {}:{}: {}", origin.host, origin.port, raced.error.message()),
                 raced.error == asio::error::timed_out ? "connect_timeout" : "connect_refused");
}

}  // namespace baton::net
