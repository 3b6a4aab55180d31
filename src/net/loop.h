// The real loop: an Asio io_context with one thread.
#pragma once

#include <memory>

#include "base/loop.h"

namespace baton::net {

class IoLoop : public Loop {
 public:
  static std::unique_ptr<IoLoop> Create(const Clock& clock = SystemClock());
  // Runs on the calling thread until Stop().
  virtual void Run() = 0;
  // Thread safe.
  virtual void Stop() = 0;
  // Calls `fn` on the loop whenever the process gets one of `signals`. Once per process and signal.
  virtual void OnSignal(std::initializer_list<int> signals, std::function<void(int)> fn) = 0;
};

// Runs `task` to its end on a fresh loop on the calling thread: for command-line tools and tests.
void RunBlocking(std::function<Task<void>(IoLoop&)> task);

}  // namespace baton::net
