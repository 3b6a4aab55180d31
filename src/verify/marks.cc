#include "verify/marks.h"

#include <fmt/format.h>

#include "base/random.h"

namespace baton::verify {

Marks::Marks(std::uint64_t seed) : seed_(seed == 0 ? EntropySeed() : seed) {}

std::string Marks::Next() const {
  // A generator per mark: no lock, and one mark that became known says little about the next.
  Random random(seed_ + 0x9E3779B97F4A7C15ULL * (count_.fetch_add(1, std::memory_order_relaxed) + 1));
  return fmt::format("{:016x}{:08x}", random.Next(), random.Next() & 0xFFFFFFFF);
}

}  // namespace baton::verify
