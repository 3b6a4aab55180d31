#include "estimate/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace baton::estimate {

void Parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  auto run = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < count;) work(i);
  };
  std::vector<std::thread> others;
  const auto wanted = std::min(static_cast<std::size_t>(std::max(threads, 1)), count);
  for (std::size_t i = 1; i < wanted; ++i) others.emplace_back(run);
  run();
  for (auto& t : others) t.join();
}

}  // namespace baton::estimate
