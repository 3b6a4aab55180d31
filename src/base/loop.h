// A loop runs coroutines and timers on one thread. net/ implements it over Asio; SimLoop (sim_loop.h) runs
// the same code on a simulated clock.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "base/task.h"

namespace baton {

class Cancel;

class Loop {
 public:
  using Fn = std::function<void()>;
  // Never 0 for a live timer.
  using TimerId = std::uint64_t;

  virtual ~Loop() = default;

  // Runs `fn` on the loop's thread, after what runs now. Thread safe; everything else here is for the loop's
  // own thread. Functions posted from one thread run in the order they were posted.
  virtual void Post(Fn fn) = 0;
  // Monotonic time; may be the time at which the current batch of events was picked up.
  virtual TimePoint Now() const = 0;
  virtual const Clock& clock() const = 0;
  // Calls `fn` once, not before `at`. Precision: about a millisecond.
  virtual TimerId CallAt(TimePoint at, Fn fn) = 0;
  // The timer's function will not run. Unknown and spent ids are ignored.
  virtual void CancelTimer(TimerId id) = 0;

  // Suspends the calling coroutine for `d`, or until `cancel` fires (null: never). True when the whole time
  // passed, false when cancelled.
  Task<bool> Sleep(Duration d, Cancel* cancel = nullptr);
};

}  // namespace baton
