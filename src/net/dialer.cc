#include "net/dialer.h"

#include <fmt/format.h>

#include "net/address_race.h"

namespace baton::net {

Task<Result<Socket>> Dial(AsioLoop& loop, NameFinder& names, const Origin& origin, TimePoint until,
                          Deadline whole, Cancel* cancel) {
  CO_TRY(std::vector<Endpoint> addresses, co_await names.Find(origin, until, whole, cancel));
  Raced raced = co_await Race(loop, std::move(addresses), kStagger, until, whole, cancel);
  if (raced.socket) co_return std::move(*raced.socket);
  if (!raced.all_failed) co_return Impatience(cancel, whole, loop.Now(), origin);
  co_return Fail(Code::kUnavailable,
                 fmt::format("cannot connect to {}:{}: {}", origin.host, origin.port, raced.error.message()),
                 raced.error == asio::error::timed_out ? "connect_timeout" : "connect_refused");
}

}  // namespace baton::net
