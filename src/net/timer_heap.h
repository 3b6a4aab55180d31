// Timers of one loop: a binary heap ordered by time (then age), from which any entry can be taken out.
//
// Lazy deletion would be simpler, but a request that arms a two-minute limit and is done in a millisecond
// would leave its entry behind for two minutes: at 10,000 requests/s more than a million of them. Internal.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"

namespace baton::net {

class TimerHeap {
 public:
  using Fn = std::function<void()>;

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  // REQUIRES: !empty().
  TimePoint NextAt() const { return heap_.front().at; }
  // Never 0.
  std::uint64_t Add(TimePoint at, Fn fn);
  // False when there is no such timer (any more).
  bool Remove(std::uint64_t id);
  // Takes out the earliest timer. REQUIRES: !empty().
  Fn Pop();

 private:
  struct Entry {
    TimePoint at;
    std::uint64_t age;
    std::uint32_t slot;
    bool operator<(const Entry& o) const { return at != o.at ? at < o.at : age < o.age; }
  };
  struct Slot {
    Fn fn;
    std::uint32_t generation = 1;  // tells a reused slot from the timer that had it before
    std::uint32_t place = 0;       // index in heap_
  };
  void Put(std::size_t place, Entry e);
  void SiftUp(std::size_t place, Entry e);
  void SiftDown(std::size_t place, Entry e);
  Fn TakeOut(std::size_t place);

  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t age_ = 0;
};

}  // namespace baton::net
