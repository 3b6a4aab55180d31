// How much of something happened in the last sixty seconds, to the second.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace baton::budget {

// Seconds are those of a monotonic clock, never negative. What is added to a second that has left the window
// is forgotten. Not thread safe.
class Window {
 public:
  static constexpr std::int64_t kSeconds = 60;

  // In the seconds (now - 60, now].
  std::int64_t Used(std::int64_t now);
  // May be negative: a correction of what was added to that second before.
  void Add(std::int64_t at, std::int64_t n, std::int64_t now);
  // Seconds from `now` until no more than `most` is left in the window, if nothing is added; nullopt: never
  // (`most` is negative).
  std::optional<std::int64_t> Until(std::int64_t most, std::int64_t now);

 private:
  void Advance(std::int64_t now);
  std::int64_t& Of(std::int64_t second) { return counts_[static_cast<std::size_t>(second % kSeconds)]; }
  std::array<std::int64_t, kSeconds> counts_{};
  std::int64_t newest_ = 0, sum_ = 0;
};

}  // namespace baton::budget
