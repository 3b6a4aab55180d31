// Equal work at the same time is done once: whoever comes second waits and then finds it done.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/signal.h"
#include "base/task.h"

namespace baton::arena {

// One per loop and kind of work. What was done is kept elsewhere (Memo): after Enter() look there first.
class SingleFlight {
 public:
  explicit SingleFlight(Loop& loop) : loop_(loop) {}

  // True when nobody else works on `key` any more: the caller looks for the result, works if there is none,
  // and calls Leave(). False when `cancel` fired first.
  Task<bool> Enter(std::string key, Cancel* cancel = nullptr) {
    while (running_.contains(key)) {
      auto turn = std::make_shared<Signal>(loop_);
      running_[key].push_back(turn);
      const bool woken = co_await turn->Wait(cancel);
      if (!woken) co_return false;
    }
    running_.try_emplace(key);
    co_return true;
  }
  void Leave(const std::string& key) {
    const auto at = running_.find(key);
    if (at == running_.end()) return;
    const auto waiting = std::move(at->second);
    running_.erase(at);
    for (const auto& turn : waiting) turn->Set();
  }

 private:
  Loop& loop_;
  std::unordered_map<std::string, std::vector<std::shared_ptr<Signal>>> running_;
};

}  // namespace baton::arena
