// Slots: how many calls a worker runs at once, over all loops, and the bounded queue in front.
//
// First come, first served: a slot that comes free is handed to the longest waiter directly, on whatever loop
// it waits, so a newcomer can never overtake the queue. The lock is held for a few instructions and never
// across a wait.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/task.h"

namespace baton::pool {

class Slots {
 public:
  // Both below 1 / 0 are taken as 1 / 0.
  Slots(int max_running, int max_waiting);
  ~Slots();
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  // A place among the running. Gives it back when destroyed. The Slots must outlive it.
  class [[nodiscard]] Slot {
   public:
    Slot(Slot&& o) noexcept : from_(std::exchange(o.from_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (from_) from_->Release();
    }

   private:
    friend class Slots;
    explicit Slot(Slots* from) : from_(from) {}
    Slots* from_;
  };

  // At once or not at all. Thread safe.
  std::optional<Slot> TryTake();
  // Waits in the queue on `loop`. Errors: kOverloaded "worker_queue_full" (at once), kDeadline
  // "queue_timeout", kCancelled. Thread safe; the waiting coroutine stays on its loop.
  Task<Result<Slot>> Take(Loop& loop, Deadline deadline, Cancel* cancel);
  // Neither a slot nor a place in the queue is free. Thread safe.
  bool Full() const;

  struct Load {
    int running = 0, waiting = 0;
  };
  Load load() const;

 private:
  struct Waiter;
  void Release();
  bool Leave(const std::shared_ptr<Waiter>& waiter);

  const int max_running_, max_waiting_;
  mutable Mutex m_;
  int running_ GUARDED_BY(m_) = 0;
  std::deque<std::shared_ptr<Waiter>> waiting_ GUARDED_BY(m_);
};

}  // namespace baton::pool
