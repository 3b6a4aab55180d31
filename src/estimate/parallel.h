// Inside estimate/: the cores that training is given.
#pragma once

#include <cstddef>
#include <functional>

namespace baton::estimate {

// Calls work(0) to work(count - 1), each once, on up to `threads` threads, and returns when all are done.
// What a call does must not depend on the order.
void Parallel(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace baton::estimate
