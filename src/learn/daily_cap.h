// So many dollars a day for something that may stop at any time (exploring, shadow runs): never more, also
// over a crash.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "budget/money.h"

namespace baton::learn {

// Loops take and give back; one keeper grants. What is granted is written down before it can be spent, so
// whoever starts again after a crash counts it as spent: money may be lost to the day, the cap never.
class DailyCap {
 public:
  struct Grant {
    std::int64_t day = 0;   // days since 1970, UTC
    budget::Nanos granted;  // of that day's cap, so far
  };
  // `restored`: what was last written down.
  DailyCap(budget::Nanos per_day, Grant restored) : per_day_(per_day), granted_(restored) {}

  // The day it was taken on; nullopt: not that much is left right now. Thread safe.
  std::optional<std::int64_t> Take(budget::Nanos amount);
  // What was taken and not spent. Of a day that is over nothing comes back. Thread safe.
  void GiveBack(budget::Nanos amount, std::int64_t day);
  budget::Nanos left() const { return {left_.load(std::memory_order_relaxed)}; }

  // The keeper's. What to write down next; nullopt: nothing is due. After it was written: Apply().
  std::optional<Grant> Due(std::int64_t unix_nanos) const;
  void Apply(const Grant& grant);
  // Of today, as known.
  budget::Nanos spent() const { return day_ < 0 ? budget::Nanos{} : granted_.granted - left(); }
  // What was last written down, before anything was taken.
  void Restore(const Grant& grant) { granted_ = grant; }
  // Another cap from the configuration; what exceeds it is not taken back from those who hold it.
  void SetPerDay(budget::Nanos per_day) { per_day_ = per_day; }

 private:
  budget::Nanos per_day_;              // the keeper's
  Grant granted_;                      // the keeper's
  std::atomic<std::int64_t> day_{-1};  // atomic: loops stamp what they take
  std::atomic<std::int64_t> left_{0};  // atomic: loops take from it
  // The largest amount that was asked for in vain since the last grant.
  mutable std::atomic<std::int64_t> wanted_{0};
};

std::int64_t DayOf(std::int64_t unix_nanos);

}  // namespace baton::learn
