// Lease: the part of money, tokens and time one exchange holds. Reserve before a call, settle after it.
//
// The ceiling is arithmetic: Reserve() refuses what does not fit, so the sum of settled and reserved never
// exceeds the ceiling as long as a worker charges no more than its worst case. Where a worker reports more
// than was reserved, the charge is recorded in full (it is real money) and `overrun` says so. Not thread
// safe: an exchange lives on one loop.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "budget/money.h"

namespace baton::budget {

struct Ceiling {
  std::optional<Nanos> usd;
  std::optional<std::int64_t> tokens;
  Deadline deadline;
};

class Lease {
 public:
  explicit Lease(Ceiling ceiling) : ceiling_(ceiling) {}
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  // REQUIRES: no hold outstanding (aborts: money would be lost track of).
  ~Lease();

  // One call's reservation. Settles for zero when destroyed unsettled (the call never started).
  class [[nodiscard]] Hold {
   public:
    Hold(Hold&& o) noexcept;
    Hold& operator=(Hold&&) = delete;
    ~Hold();
    // Exactly once: what it really cost. A second call aborts.
    void Settle(Nanos usd, std::int64_t tokens);

   private:
    friend class Lease;
    Hold(Lease* lease, Nanos usd, std::int64_t tokens) : lease_(lease), usd_(usd), tokens_(tokens) {}
    Lease* lease_;
    Nanos usd_;
    std::int64_t tokens_;
  };

  // kOverBudget ("request_cost_ceiling", "request_token_ceiling") when it does not fit; nothing changes then.
  Result<Hold> Reserve(Nanos worst_usd, std::int64_t worst_tokens);

  Nanos spent() const { return spent_; }
  std::int64_t tokens_spent() const { return tokens_spent_; }
  // What could still be reserved; nullopt: no ceiling.
  std::optional<Nanos> usd_left() const;
  const Ceiling& ceiling() const { return ceiling_; }
  bool overrun() const { return overrun_; }
  int outstanding() const { return outstanding_; }

 private:
  Ceiling ceiling_;
  Nanos spent_, held_;
  std::int64_t tokens_spent_ = 0, tokens_held_ = 0;
  int outstanding_ = 0;
  bool overrun_ = false;
};

}  // namespace baton::budget
