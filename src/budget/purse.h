// What one kind of request draws from: the accounts of its budgets and the limits on its tokens.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "budget/funds.h"
#include "budget/ledger.h"
#include "budget/throttle.h"

namespace baton::budget {

// Shared by all requests of one key; immutable.
struct Purse {
  std::shared_ptr<Ledger> ledger;  // null: no claims
  std::shared_ptr<const Claims> claims;
  std::shared_ptr<const Throttle> throttle;  // null: no limits
};

// One exchange's funds. Null when nothing limits it.
std::unique_ptr<Funds> OpenPurse(std::shared_ptr<const Purse> purse, const Clock& clock);

}  // namespace baton::budget
