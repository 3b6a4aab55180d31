// Marks that untrusted text cannot guess: they delimit it, so that it cannot pretend to have ended. Not for
// secrets.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace baton::verify {

class Marks {
 public:
  // 0: a seed from the operating system.
  explicit Marks(std::uint64_t seed);
  // 24 hexadecimal digits, never the same twice. Thread safe.
  std::string Next() const;

 private:
  std::uint64_t seed_;
  mutable std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace baton::verify
