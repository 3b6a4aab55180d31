// Limits per minute and at a time: requests, tokens, how many run at once; of a key, its user, its project
// and its tenant together.
//
// A request enters when every one of them has room, and counts in all or in none. Tokens are reserved at
// their worst case before a call and corrected to what it used. Windows slide by the second (window.h) on the
// monotonic clock, so a wall clock that jumps changes nothing. They are this process's: two processes of one
// tenant each grant the full rate, and a restart forgets the last minute. (Budgets are shared and durable:
// ledger.h.)
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metric.h"
#include "base/mutex.h"
#include "base/result.h"
#include "budget/ledger.h"
#include "budget/window.h"

namespace baton::budget {

struct Limits {
  std::optional<std::int64_t> rpm, tpm, concurrent;
  bool any() const { return rpm || tpm || concurrent; }
  bool operator==(const Limits&) const = default;
};

// Refusals by scope and kind; handles without a registry count nothing.
struct ThrottleMetrics {
  explicit ThrottleMetrics(Metrics* metrics = nullptr);
  std::array<std::array<Counter, 3>, 5> refused;
};

// One owner's counters. Belongs to a group, whose mutex guards it; kept over reloads so that a reload is no
// way around a limit.
class Meter {
 public:
  Meter(Scope scope, std::string owner) : scope_(scope), owner_(std::move(owner)) {}

 private:
  friend class Throttle;
  const Scope scope_;
  const std::string owner_;  // "tenant support"
  Window requests_, tokens_;
  std::int64_t running_ = 0;
};

// What the reply's x-ratelimit-* headers say; the tightest limit of each kind.
struct Quote {
  struct Line {
    std::int64_t limit = 0, remaining = 0;
    Duration reset{};  // until nothing of the window is used, if nothing more comes
  };
  std::optional<Line> requests, tokens;
};

// The meters that one kind of request passes. Thread safe; immutable but for the meters.
class Throttle : public std::enable_shared_from_this<Throttle> {
 public:
  struct Line {
    std::shared_ptr<Meter> meter;
    Limits limits;
  };
  Throttle(std::shared_ptr<Mutex> group, std::vector<Line> lines,
           std::shared_ptr<const ThrottleMetrics> metrics)
      : m_(std::move(group)), lines_(std::move(lines)), metrics_(std::move(metrics)) {}

  // A request that runs; leaves when destroyed.
  class Pass {
   public:
    Pass(Pass&& o) noexcept : of_(std::move(o.of_)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass();

   private:
    friend class Throttle;
    explicit Pass(std::shared_ptr<const Throttle> of) : of_(std::move(of)) {}
    std::shared_ptr<const Throttle> of_;
  };

  // kRateLimited "requests_per_minute" or "concurrent_requests", with retry_after.
  Result<Pass> Enter(TimePoint now) const;
  // kRateLimited "tokens_per_minute"; kOverBudget "tokens_above_rate" when `tokens` can never fit.
  Status TakeTokens(TimePoint now, std::int64_t tokens) const;
  // Of what was taken at `taken`, so much more (or less) was used.
  void CorrectTokens(TimePoint taken, std::int64_t change, TimePoint now) const;
  Quote Ask(TimePoint now) const;

 private:
  enum Kind { kRequests, kTokens, kConcurrent };
  Error Refuse(const Line& line, Kind kind, std::int64_t limit, std::optional<std::int64_t> seconds) const;

  const std::shared_ptr<Mutex> m_;
  const std::vector<Line> lines_;
  const std::shared_ptr<const ThrottleMetrics> metrics_;
};

}  // namespace baton::budget
