// A deadline that is moved often and passes seldom.
//
// A timer per read and per write cost a probe 8 us per request. Here moving the deadline later is one store:
// the timer stays where it is, looks at the deadline when it fires, and goes back to sleep until then.
// Internal.
#pragma once

#include <functional>
#include <utility>

#include "base/loop.h"

namespace baton::net {

class LazyDeadline {
 public:
  LazyDeadline(Loop& loop, std::function<void()> passed) : loop_(loop), passed_(std::move(passed)) {}
  ~LazyDeadline() {
    if (timer_) loop_.CancelTimer(timer_);
  }
  LazyDeadline(const LazyDeadline&) = delete;

  void Set(TimePoint at) {
    at_ = at;
    if (at < armed_) Arm(at);
  }
  void Clear() { at_ = TimePoint::max(); }
  bool IsSet() const { return at_ != TimePoint::max(); }

 private:
  void Arm(TimePoint at) {
    if (timer_) loop_.CancelTimer(timer_);
    armed_ = at;
    timer_ = loop_.CallAt(at, [this] { Fire(); });
  }
  void Fire() {
    timer_ = 0;
    armed_ = TimePoint::max();
    if (!IsSet()) return;
    if (loop_.Now() < at_) return Arm(at_);
    Clear();
    passed_();  // may destroy this object
  }

  Loop& loop_;
  std::function<void()> passed_;
  TimePoint at_ = TimePoint::max();
  TimePoint armed_ = TimePoint::max();
  Loop::TimerId timer_ = 0;
};

}  // namespace baton::net
