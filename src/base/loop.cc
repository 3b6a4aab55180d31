#include "base/loop.h"

#include <cassert>

#include "base/cancel.h"
#include "base/signal.h"

namespace baton {

Task<bool> Loop::Sleep(Duration d, Cancel* cancel) {
  Signal never(*this);
  co_await never.Wait(cancel, Deadline(Now() + d));
  co_return !(cancel && cancel->fired());
}

void Signal::Wake(const std::shared_ptr<State>& s) {
  if (!s->waiter || s->posted) return;
  s->posted = true;
  s->loop->Post([s] {
    s->posted = false;
    if (s->waiter) std::exchange(s->waiter, {}).resume();
  });
}

Task<bool> Signal::Wait(Cancel* cancel, Deadline deadline) {
  struct Suspend {
    State& s;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> h) { s.waiter = h; }
    void await_resume() {}
  };
  auto s = state_;
  assert(!s->waiter && "one waiter at a time");
  if (!s->set && !(cancel && cancel->fired()) && !deadline.Passed(s->loop->Now())) {
    Cancel::Registration on_cancel;
    if (cancel) on_cancel = cancel->OnFire([s] { Wake(s); });
    Loop::TimerId timer = 0;
    if (deadline.IsSet()) timer = s->loop->CallAt(deadline.at(), [s] { Wake(s); });
    co_await Suspend{*s};
    if (timer) s->loop->CancelTimer(timer);
  }
  co_return std::exchange(s->set, false);
}

TaskGroup::~TaskGroup() {
  assert(running_ == 0);
}

void TaskGroup::Spawn(Task<void> task) {
  ++running_;
  baton::Spawn(Run(this, std::move(task)));
}

Task<void> TaskGroup::Run(TaskGroup* group, Task<void> task) {
  co_await task;
  if (--group->running_ == 0) group->idle_.Set();
}

Task<void> TaskGroup::Join() {
  while (running_ > 0) co_await idle_.Wait();
}

}  // namespace baton
