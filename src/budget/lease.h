// Lease: the part of money, tokens and time one exchange holds. Reserve before a call, settle after it.
//
// The ceiling is arithmetic: Reserve() refuses what does not fit, so the sum of settled and reserved never
// exceeds it. What a worker reports is a claim. A claim above what was reserved is paid from what is free
// under the ceiling (an estimate may be low) and `overrun` says so; what exceeds the ceiling itself is more
// than the call could cost by its own limits, is not paid, and stands in `disputed`.
//
// A workflow's step holds a part of its exchange's lease, carved out before the step starts: so what must
// still run has its money, whatever runs beside it. A part may grow while its parent has room. Not thread
// safe: an exchange lives on one loop.
//
// Above the exchange's own lease may stand funds (funds.h): the budgets of whoever asks. What the lease
// reserves they set aside too, or the reservation fails with their refusal.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "budget/funds.h"
#include "budget/money.h"

namespace baton::budget {

struct Ceiling {
  std::optional<Nanos> usd;
  std::optional<std::int64_t> tokens;
  Deadline deadline;
};

class Lease {
 public:
  // `funds` may be null: nobody beside the ceiling limits this exchange.
  explicit Lease(Ceiling ceiling, std::unique_ptr<Funds> funds = nullptr)
      : ceiling_(ceiling), funds_(std::move(funds)) {}
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
    // The call is about to leave for its worker: from here on the money may be spent, whatever becomes of us.
    void Launch();
    // Exactly once: what the worker claims. Returns the money accepted, all of it but what is disputed. A
    // second call aborts.
    Nanos Settle(Nanos usd, std::int64_t tokens);

   private:
    friend class Lease;
    Hold(Lease* lease, Nanos usd, std::int64_t tokens) : lease_(lease), usd_(usd), tokens_(tokens) {}
    Lease* lease_;
    Nanos usd_;
    std::int64_t tokens_;
    Amount risk_;  // of this, what may have been spent
  };

  // A part of `parent` (which outlives it) with these amounts reserved there; what is not spent goes back
  // when the part ends. It grows, by what its parent has free, up to `cap`. A ceiling that the parent does
  // not have the part does not have either. The deadline is the earlier of the two. kOverBudget as Reserve().
  static Result<std::unique_ptr<Lease>> Carve(Lease& parent, Nanos usd, std::int64_t tokens,
                                              Deadline deadline, std::optional<Nanos> cap = std::nullopt);

  // The deadline becomes the earlier of its own and `deadline`.
  void Shorten(Deadline deadline) { ceiling_.deadline = ceiling_.deadline.Earlier(deadline); }

  // kOverBudget ("request_cost_ceiling", "request_token_ceiling") when it does not fit, or what the funds say
  // (kOverBudget "insufficient_quota", kRateLimited); nothing changes then.
  Result<Hold> Reserve(Nanos worst_usd, std::int64_t worst_tokens);

  Nanos spent() const { return spent_; }
  std::int64_t tokens_spent() const { return tokens_spent_; }
  // What could still be reserved, growth included; nullopt: no ceiling.
  std::optional<Nanos> usd_left() const;
  std::optional<std::int64_t> tokens_left() const;
  // Claimed above the ceiling, and not paid.
  Nanos disputed() const { return disputed_; }
  const Ceiling& ceiling() const { return ceiling_; }
  bool overrun() const { return overrun_; }
  int outstanding() const { return outstanding_; }

 private:
  // Makes room for that much more than is free here, at the parent's expense.
  Status Grow(std::int64_t usd, std::int64_t tokens);
  // The same for a claim. False: there is no room for it above.
  bool GrowToPay(std::int64_t usd, std::int64_t tokens);
  Nanos Settle(const Hold& hold, Nanos usd, std::int64_t tokens);
  // Tells the funds, through all parents, what may have been spent.
  void Risk(Amount change);
  // The exchange's own lease, of which this is a part.
  const Lease& Whole() const;
  Error OverUsd(Nanos worst) const;
  Error OverTokens(std::int64_t worst) const;

  Ceiling ceiling_;
  std::unique_ptr<Funds> funds_;
  Lease* parent_ = nullptr;
  std::optional<Hold> from_parent_;
  std::optional<Nanos> cap_;
  Nanos spent_, held_, disputed_;
  std::int64_t tokens_spent_ = 0, tokens_held_ = 0;
  int outstanding_ = 0;
  bool overrun_ = false;
};

}  // namespace baton::budget
