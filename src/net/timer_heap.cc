#include "net/timer_heap.h"

#include <utility>

namespace baton::net {

void TimerHeap::Put(std::size_t place, Entry e) {
  slots_[e.slot].place = static_cast<std::uint32_t>(place);
  heap_[place] = e;
}

void TimerHeap::SiftUp(std::size_t place, Entry e) {
  while (place > 0 && e < heap_[(place - 1) / 2]) {
    Put(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  Put(place, e);
}

void TimerHeap::SiftDown(std::size_t place, Entry e) {
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
    if (!(heap_[child] < e)) break;
    Put(place, heap_[child]);
    place = child;
  }
  Put(place, e);
}

std::uint64_t TimerHeap::Add(TimePoint at, Fn fn) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  slots_[slot].fn = std::move(fn);
  heap_.emplace_back();
  SiftUp(heap_.size() - 1, Entry{at, ++age_, slot});
  return std::uint64_t{slots_[slot].generation} << 32 | slot;
}

TimerHeap::Fn TimerHeap::TakeOut(std::size_t place) {
  const std::uint32_t slot = heap_[place].slot;
  Fn fn = std::move(slots_[slot].fn);
  slots_[slot].fn = nullptr;
  if (++slots_[slot].generation == 0) slots_[slot].generation = 1;
  free_.push_back(slot);
  const Entry last = heap_.back();
  heap_.pop_back();
  if (place < heap_.size()) {
    if (place > 0 && last < heap_[(place - 1) / 2]) {
      SiftUp(place, last);
    } else {
      SiftDown(place, last);
    }
  }
  return fn;
}

bool TimerHeap::Remove(std::uint64_t id) {
  const auto slot = static_cast<std::uint32_t>(id);
  if (slot >= slots_.size() || slots_[slot].generation != id >> 32 || !slots_[slot].fn) return false;
  TakeOut(slots_[slot].place);
  return true;
}

TimerHeap::Fn TimerHeap::Pop() {
  return TakeOut(0);
}

}  // namespace baton::net
