#include "learn/daily_cap.h"

#include <algorithm>

namespace baton::learn {
namespace {

// A grant is a twentieth of the cap: what a crash loses at most, and what can be spent between two looks of
// the keeper. More where somebody asked for more at once.
constexpr std::int64_t kParts = 20;

}  // namespace

std::int64_t DayOf(std::int64_t unix_nanos) {
  return unix_nanos / (24LL * 3600 * 1'000'000'000);
}

std::optional<std::int64_t> DailyCap::Take(budget::Nanos amount) {
  // The day first: if it ends between the two, the amount is of the new day and will not come back. Never
  // more.
  const std::int64_t day = day_.load(std::memory_order_acquire);
  std::int64_t left = left_.load(std::memory_order_relaxed);
  do {
    if (amount.v < 0) return std::nullopt;
    if (amount.v > left) {
      if (amount.v > wanted_.load(std::memory_order_relaxed))
        wanted_.store(amount.v, std::memory_order_relaxed);
      return std::nullopt;
    }
  } while (!left_.compare_exchange_weak(left, left - amount.v));
  return day;
}

void DailyCap::GiveBack(budget::Nanos amount, std::int64_t day) {
  if (amount.v > 0 && day == day_.load(std::memory_order_acquire)) left_.fetch_add(amount.v);
}

std::optional<DailyCap::Grant> DailyCap::Due(std::int64_t unix_nanos) const {
  const std::int64_t today = DayOf(unix_nanos);
  // A clock that steps back opens no day twice.
  Grant next = today > granted_.day ? Grant{today, {0}} : granted_;
  const std::int64_t unspent = next.day == granted_.day ? left().v : 0;
  const std::int64_t part =
      std::max({per_day_.v / kParts, wanted_.load(std::memory_order_relaxed), std::int64_t{1}});
  if (unspent < part && next.granted < per_day_) {
    next.granted.v = std::min(per_day_.v, next.granted.v + part - unspent);
    return next;
  }
  if (next.day != granted_.day) return next;
  return std::nullopt;
}

void DailyCap::Apply(const Grant& grant) {
  wanted_.store(0, std::memory_order_relaxed);
  if (grant.day != granted_.day || day_.load() != grant.day) {
    const std::int64_t before = grant.day == granted_.day ? granted_.granted.v : 0;
    left_.store(0);
    day_.store(grant.day, std::memory_order_release);
    left_.fetch_add(grant.granted.v - before);
  } else {
    left_.fetch_add(grant.granted.v - granted_.granted.v);
  }
  granted_ = grant;
}

}  // namespace baton::learn
