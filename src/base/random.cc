#include "base/random.h"

#include <bit>
#include <random>

namespace baton {

Random::Random(std::uint64_t seed) {
  // splitmix64 spreads a small seed over the whole state, as the authors of xoshiro advise.
  for (auto& s : s_) {
    seed += 0x9e3779b97f4a7c15u;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    s = z ^ (z >> 31);
  }
}

std::uint64_t Random::Next() {
  const std::uint64_t result = std::rotl(s_[1] * 5, 7) * 9;
  const std::uint64_t t = s_[1] << 17;
  s_[2] ^= s_[0];
  s_[3] ^= s_[1];
  s_[1] ^= s_[2];
  s_[0] ^= s_[3];
  s_[2] ^= t;
  s_[3] = std::rotl(s_[3], 45);
  return result;
}

std::uint64_t Random::Below(std::uint64_t n) {
  // Rejection keeps it exactly uniform.
  const std::uint64_t limit = ~std::uint64_t{0} - (~std::uint64_t{0} % n);
  std::uint64_t x;
  do x = Next();
  while (x >= limit);
  return x % n;
}

double Random::Unit() {
  return static_cast<double>(Next() >> 11) * 0x1.0p-53;
}

std::uint64_t EntropySeed() {
  std::random_device d;
  return (static_cast<std::uint64_t>(d()) << 32) ^ d();
}

}  // namespace baton
