#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "evaluate/run.h"

namespace baton::evaluate {

void InParallel(std::size_t n, int jobs, const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < n; i = next++) task(i);
  };
  std::vector<std::thread> threads;
  const std::size_t helpers = std::min(n, static_cast<std::size_t>(std::max(1, jobs))) - (n > 0 ? 1 : 0);
  for (std::size_t k = 0; k < helpers; ++k) threads.emplace_back(work);
  work();
  for (auto& thread : threads) thread.join();
}

}  // namespace baton::evaluate
