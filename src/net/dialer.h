// Names to addresses, addresses to connected sockets. Internal to net/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/task.h"
#include "net/client.h"
#include "net/stream.h"

namespace baton::net {

class Dialer {
 public:
  explicit Dialer(AsioLoop& loop) : loop_(loop) {}

  // Races the origin's addresses until `until`, or `whole` if that is earlier.
  // Errors: "dns_failed", "connect_refused", "connect_timeout" (kUnavailable), "deadline", "cancelled".
  // `origin` and `cancel` must live until the task ends.
  Task<Result<Socket>> Dial(const Origin& origin, TimePoint until, Deadline whole, Cancel* cancel);

 private:
  struct Known {
    std::vector<Endpoint> endpoints;
    TimePoint until;
  };
  Task<Result<std::vector<Endpoint>>> Resolve(const Origin& origin, TimePoint until, Deadline whole,
                                              Cancel* cancel);

  AsioLoop& loop_;
  std::map<std::string, Known> known_;  // by "host:port"
};

}  // namespace baton::net
