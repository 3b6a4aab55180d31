// A loop for tests of what runs on other threads: SimLoop, woken by Post. Its clock stands still.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

#include "base/sim_loop.h"

namespace baton::verify {

class PumpLoop : public SimLoop {
 public:
  void Post(Fn fn) override {
    SimLoop::Post(std::move(fn));
    std::lock_guard lock(m_);
    posted_ = true;
    wake_.notify_one();
  }
  // Runs what is posted until `done` says so.
  void RunUntil(const std::function<bool()>& done) {
    for (RunReady(); !done(); RunReady()) {
      std::unique_lock lock(m_);
      wake_.wait(lock, [this] { return std::exchange(posted_, false); });
    }
  }

 private:
  std::mutex m_;
  std::condition_variable wake_;
  bool posted_ = false;
};

}  // namespace baton::verify
