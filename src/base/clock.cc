#include "base/clock.h"

namespace baton {
namespace {

class MachineClock : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  std::int64_t UnixNanos() const override {
    return std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
};

}  // namespace

const Clock& SystemClock() {
  static const MachineClock clock;  // stateless: sharing it between servers in one process is harmless
  return clock;
}

}  // namespace baton
