// Signal: one coroutine waits, others on the same loop (or, through Loop::Post, any thread) wake it.
//
// Level-triggered: a Set() before the Wait() is not lost. Waking goes through Loop::Post, so Set() never runs
// the waiter on the caller's stack.
#pragma once

#include <coroutine>
#include <memory>

#include "base/cancel.h"
#include "base/loop.h"

namespace baton {

class Signal {
 public:
  explicit Signal(Loop& loop) : state_(std::make_shared<State>()) { state_->loop = &loop; }

  // On the loop's thread. Sets wake one Wait(); several Sets before it count as one.
  void Set() {
    state_->set = true;
    Wake(state_);
  }

  // Waits until set (true) or until `cancel` fires or `deadline` passes (false), and clears the signal.
  // One waiter at a time.
  Task<bool> Wait(Cancel* cancel = nullptr, Deadline deadline = {});

 private:
  struct State {
    Loop* loop = nullptr;
    bool set = false;
    bool posted = false;
    std::coroutine_handle<> waiter;
  };
  static void Wake(const std::shared_ptr<State>& s);

  // Shared with posted wake-ups, which may run after the Signal is gone.
  std::shared_ptr<State> state_;
};

// Counts spawned tasks so that their owner can wait for all of them before it goes away.
class TaskGroup {
 public:
  explicit TaskGroup(Loop& loop) : idle_(loop) {}
  // REQUIRES: nothing running. (Await Join() first.)
  ~TaskGroup();
  void Spawn(Task<void> task);
  Task<void> Join();
  int running() const { return running_; }

 private:
  static Task<void> Run(TaskGroup* group, Task<void> task);
  int running_ = 0;
  Signal idle_;
};

}  // namespace baton
