// Origins to connected sockets. Internal to net/.
#pragma once

#include "net/name_finder.h"

namespace baton::net {

// Finds the origin's addresses and races them until `until`, or `whole` if that is earlier.
// Errors: "dns_failed", "address_refused", "connect_refused", "connect_timeout" (kUnavailable), "deadline",
// "cancelled". `names`, `origin` and `cancel` must live until the task ends.
Task<Result<Socket>> Dial(AsioLoop& loop, NameFinder& names, const Origin& origin, TimePoint until,
                          Deadline whole, Cancel* cancel);

}  // namespace baton::net
