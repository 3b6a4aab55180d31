// Names to addresses. Internal to net/.
//
// Problem: after a start, or a change of addresses, many requests want the same name at once. The system's
// resolver works one name at a time per loop, so sixty-four requests would wait for sixty-four answers to one
// question; and a resolver that fails for a minute would take every provider with it. So answers are kept for
// kRemember in a book that all loops share, each loop asks about a name once at a time however many wait, and
// when the resolver fails, what it said within the last kLastResort is used: a connection to a wrong address
// fails on its own, with TLS always.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/mutex.h"
#include "base/signal.h"
#include "base/task.h"
#include "net/client.h"
#include "net/stream.h"

namespace baton::net {

// Any thread.
class AddressBook {
 public:
  static constexpr Duration kRemember = std::chrono::seconds(30), kLastResort = std::chrono::hours(1);
  static constexpr std::size_t kMaxNames = 4096;

  struct Known {
    std::vector<Endpoint> addresses;
    bool fresh = false;
  };
  std::optional<Known> Find(const std::string& name, TimePoint now) const;
  void Note(const std::string& name, std::vector<Endpoint> addresses, TimePoint now);

 private:
  struct Entry {
    std::vector<Endpoint> addresses;
    TimePoint at;
  };
  mutable Mutex m_;
  std::map<std::string, Entry> entries_ GUARDED_BY(m_);
};

class NameFinder {
 public:
  using Answer = std::function<void(const asio::error_code&, std::vector<Endpoint>)>;
  // Asks for the origin's addresses; the answer may come at once. What it returns gives the question up.
  using Lookup = std::function<std::function<void()>(const Origin&, Answer)>;

  // Without `lookup`: the system's resolver.
  NameFinder(AsioLoop& loop, std::shared_ptr<AddressBook> book, Lookup lookup = {});
  ~NameFinder();

  // At most kMaxAddresses, in the order they should be tried, and only such as the origin may lead to.
  // Errors: "dns_failed", "address_refused", and those of Impatience(). `origin` and `cancel` must live until
  // the task ends, and so must this.
  Task<Result<std::vector<Endpoint>>> Find(const Origin& origin, TimePoint until, Deadline whole,
                                           Cancel* cancel);

 private:
  static constexpr std::size_t kMaxAddresses = 8;
  struct Question;
  Ref<Question> Ask(const Origin& origin, const std::string& name);

  AsioLoop& loop_;
  const std::shared_ptr<AddressBook> book_;
  const Lookup lookup_;
  std::map<std::string, Ref<Question>> open_;
};

// Why waiting for a connection ended early: "cancelled", "deadline" or "connect_timeout".
Error Impatience(Cancel* cancel, Deadline whole, TimePoint now, const Origin& origin);

}  // namespace baton::net
