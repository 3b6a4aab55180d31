// A loop for tests: one thread, a simulated clock, no waiting. Timers fire in order of time, then of
// creation.
#pragma once

#include <deque>
#include <map>
#include <mutex>

#include "base/loop.h"

namespace baton {

class SimLoop : public Loop {
 public:
  void Post(Fn fn) override;
  TimePoint Now() const override { return clock_.Now(); }
  const Clock& clock() const override { return clock_; }
  TimerId CallAt(TimePoint at, Fn fn) override;
  void CancelTimer(TimerId id) override;

  // Runs everything that is ready without moving the clock.
  void RunReady();
  // Runs until nothing is left, jumping the clock from timer to timer, or until `limit` has passed.
  void Run(Duration limit = std::chrono::hours(1));
  // Moves the clock by `d`, running the timers in between at their times.
  void Advance(Duration d);

 private:
  bool RunNextTimer(TimePoint until);

  SimClock clock_;
  std::mutex m_;  // guards ready_: Post may come from another thread
  std::deque<Fn> ready_;
  std::map<std::pair<TimePoint, TimerId>, Fn> timers_;
  TimerId last_id_ = 0;
};

}  // namespace baton
