// Processor time of the calling thread: what a measurement on a shared machine can be trusted with.
#pragma once

#include <ctime>

namespace baton {

inline double ThreadMicroseconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

}  // namespace baton
