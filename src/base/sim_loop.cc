#include "base/sim_loop.h"

#include <algorithm>

namespace baton {

void SimLoop::Post(Fn fn) {
  std::lock_guard lock(m_);
  ready_.push_back(std::move(fn));
}

Loop::TimerId SimLoop::CallAt(TimePoint at, Fn fn) {
  timers_.emplace(std::make_pair(at, ++last_id_), std::move(fn));
  return last_id_;
}

void SimLoop::CancelTimer(TimerId id) {
  auto at =
      std::find_if(timers_.begin(), timers_.end(), [id](const auto& t) { return t.first.second == id; });
  if (at != timers_.end()) timers_.erase(at);
}

void SimLoop::RunReady() {
  for (;;) {
    Fn fn;
    {
      std::lock_guard lock(m_);
      if (ready_.empty()) return;
      fn = std::move(ready_.front());
      ready_.pop_front();
    }
    fn();
  }
}

bool SimLoop::RunNextTimer(TimePoint until) {
  if (timers_.empty() || timers_.begin()->first.first > until) return false;
  auto node = timers_.extract(timers_.begin());
  if (node.key().first > clock_.Now()) clock_.Set(node.key().first);
  node.mapped()();
  RunReady();
  return true;
}

void SimLoop::Run(Duration limit) {
  const TimePoint until = Now() + limit;
  RunReady();
  while (RunNextTimer(until)) {
  }
}

void SimLoop::Advance(Duration d) {
  const TimePoint until = Now() + d;
  RunReady();
  while (RunNextTimer(until)) {
  }
  clock_.Set(until);
}

}  // namespace baton
