// Randomness comes in through constructors and is seeded, so that a run can be repeated.
#pragma once

#include <cstdint>

namespace baton {

// xoshiro256** (Blackman and Vigna, 2018): fast, good, not for secrets. Not thread safe: one per loop.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t Next();
  // Uniform in [0, n). REQUIRES: n > 0.
  std::uint64_t Below(std::uint64_t n);
  // Uniform in [0, 1).
  double Unit();

 private:
  std::uint64_t s_[4];
};

// A seed from the operating system, for servers; tests pass their own.
std::uint64_t EntropySeed();

}  // namespace baton
