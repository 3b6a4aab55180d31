// IoLoop over Asio, for the .cc files of net/ that hold sockets. Internal: no other folder includes it.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "net/asio.h"
#include "net/loop.h"
#include "net/timer_heap.h"

namespace baton::net {

class AsioLoop final : public IoLoop {
 public:
  using Executor = asio::io_context::executor_type;

  explicit AsioLoop(const Clock& clock);
  ~AsioLoop() override;

  void Post(Fn fn) override;
  TimePoint Now() const override { return clock_.Now(); }
  const Clock& clock() const override { return clock_; }
  TimerId CallAt(TimePoint at, Fn fn) override;
  void CancelTimer(TimerId id) override;
  void Run() override;
  void Stop() override;
  void OnSignal(std::initializer_list<int> signals, std::function<void(int)> fn) override;

  asio::io_context& io() { return io_; }

  // Every completion handler of a socket holds one while it runs: what gets posted meanwhile then runs right
  // after it, without a trip through the scheduler (and its epoll_wait) for each hop.
  class Turn {
   public:
    explicit Turn(AsioLoop& loop) : loop_(loop) { ++loop_.depth_; }
    ~Turn() {
      if (--loop_.depth_ == 0) loop_.RunPosted();
    }
    Turn(const Turn&) = delete;

   private:
    AsioLoop& loop_;
  };

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;
  void RunPosted();
  void ArmTimer();
  void RunTimers();
  void WaitForSignal(asio::signal_set& set, std::function<void(int)> fn);

  const Clock& clock_;
  std::atomic<std::thread::id> thread_;  // of Run(); none while it does not run
  std::atomic<bool> stop_ = false;
  // Before io_, so that they outlive it: connections that die with the context still cancel their timers.
  TimerHeap heap_;
  std::vector<Fn> posted_;  // by the loop's own thread
  bool drain_scheduled_ = false;
  int depth_ = 0;

  asio::io_context io_;
  asio::executor_work_guard<Executor> work_;
  Timer timer_;
  TimePoint timer_at_ = TimePoint::max();
  std::vector<std::unique_ptr<asio::signal_set>> signals_;
};

}  // namespace baton::net
