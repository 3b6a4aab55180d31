#include "pool/slots.h"

#include <algorithm>

namespace baton::pool {

struct Slots::Waiter {
  explicit Waiter(Loop& l) : loop(l), signal(l) {}
  Loop& loop;
  Signal signal;
  bool granted = false;  // guarded by Slots::m_
};

Slots::Slots(int max_running, int max_waiting)
    : max_running_(std::max(max_running, 1)), max_waiting_(std::max(max_waiting, 0)) {}

Slots::~Slots() = default;

std::optional<Slots::Slot> Slots::TryTake() {
  MutexLock lock(m_);
  // A full house is the only state with a queue, so a free slot is nobody else's.
  if (running_ >= max_running_) return std::nullopt;
  ++running_;
  return Slot(this);
}

Task<Result<Slots::Slot>> Slots::Take(Loop& loop, Deadline deadline, Cancel* cancel) {
  auto waiter = std::make_shared<Waiter>(loop);
  {
    MutexLock lock(m_);
    if (running_ < max_running_) {
      ++running_;
      co_return Slot(this);
    }
    if (static_cast<int>(waiting_.size()) >= max_waiting_) {
      co_return Fail(Code::kOverloaded, "the worker runs as many calls as it may and its queue is full",
                     "worker_queue_full");
    }
    waiting_.push_back(waiter);
  }
  (void)co_await waiter->signal.Wait(cancel, deadline);
  if (!Leave(waiter)) co_return Slot(this);
  if (cancel && cancel->fired())
    co_return Fail(Code::kCancelled, "cancelled while waiting for a free worker");
  co_return Fail(Code::kDeadline, "no slot of the worker came free in time", "queue_timeout");
}

// True: it had to leave the queue. False: it was given a slot meanwhile, which is now its own.
bool Slots::Leave(const std::shared_ptr<Waiter>& waiter) {
  MutexLock lock(m_);
  if (waiter->granted) return false;
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), waiter));
  return true;
}

void Slots::Release() {
  MutexLock lock(m_);
  if (waiting_.empty()) {
    --running_;
    return;
  }
  const std::shared_ptr<Waiter> next = std::move(waiting_.front());
  waiting_.pop_front();
  next->granted = true;
  // Under the lock: once it is free the waiter may see `granted`, end, and take its loop with it.
  next->loop.Post([next] { next->signal.Set(); });
}

bool Slots::Full() const {
  MutexLock lock(m_);
  return running_ >= max_running_ && static_cast<int>(waiting_.size()) >= max_waiting_;
}

Slots::Load Slots::load() const {
  MutexLock lock(m_);
  return {running_, static_cast<int>(waiting_.size())};
}

}  // namespace baton::pool
