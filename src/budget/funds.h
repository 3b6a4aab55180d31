// What stands above a lease: money and tokens that many exchanges draw from.
//
// An exchange's own ceiling is the lease's business (lease.h). Funds add the shared part: before a call the
// worst case is taken, all or nothing; when the call leaves for its worker the amount is at risk, so that
// whoever cleans up after a killed process knows which money may have been spent; after the call what it cost
// is settled and the rest is free again.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "budget/money.h"

namespace baton::budget {

struct Amount {
  Nanos usd;
  std::int64_t tokens = 0;
};

// Belongs to one exchange, which lives on one loop; not thread safe. What was taken must be settled before
// the end.
class Funds {
 public:
  virtual ~Funds() = default;
  // Sets `worst` aside. kOverBudget or kRateLimited with the refusal's name when it does not fit; nothing has
  // changed then.
  virtual Status Take(Amount worst) = 0;
  // Of what was taken, so much more (or less) may have been spent already.
  virtual void Risk(Amount change) = 0;
  // Ends a part of what was taken: `taken` of it, of which `risked` was at risk. `claimed` is spent; gives
  // how much of that was accepted: all that was taken, and of a claim above it what is free. The rest is
  // disputed, not spent.
  virtual Amount Settle(Amount taken, Amount risked, Amount claimed) = 0;
};

}  // namespace baton::budget
