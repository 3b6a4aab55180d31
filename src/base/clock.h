// Time comes in through constructors, so that tests run on a simulated clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace baton {

using Duration = std::chrono::nanoseconds;
// Monotonic; only differences mean something.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic time. Thread safe.
  virtual TimePoint Now() const = 0;
  // Wall clock, nanoseconds since 1970 UTC. May jump. Thread safe.
  virtual std::int64_t UnixNanos() const = 0;
};

// The machine's clocks.
const Clock& SystemClock();

// The moment by which something must have ended. It travels down the call chain as a value: each step's
// time-out is the smaller of its own and what is left.
class Deadline {
 public:
  // No limit.
  Deadline() = default;
  explicit Deadline(TimePoint at) : at_(at) {}
  static Deadline In(const Clock& clock, Duration d) { return Deadline(clock.Now() + d); }

  bool IsSet() const { return at_ != TimePoint::max(); }
  TimePoint at() const { return at_; }
  bool Passed(TimePoint now) const { return now >= at_; }
  // Never negative; Duration::max() without limit.
  Duration Left(TimePoint now) const {
    if (!IsSet()) return Duration::max();
    return now >= at_ ? Duration::zero() : at_ - now;
  }
  Deadline Earlier(Deadline o) const { return at_ < o.at_ ? *this : o; }

 private:
  TimePoint at_ = TimePoint::max();
};

// A clock that moves only when told to. Not thread safe while moving.
class SimClock : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(now_); }
  std::int64_t UnixNanos() const override { return 1'780'000'000'000'000'000 + now_.count(); }
  void Advance(Duration d) { now_ += d; }
  void Set(TimePoint t) { now_ = t.time_since_epoch(); }

 private:
  Duration now_ = std::chrono::seconds(1000);
};

}  // namespace baton
