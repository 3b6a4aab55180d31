// A reservation is kept until it is settled.
#include "budget/lease.h"

namespace baton {
bool Use(budget::Lease& lease) {
  auto hold = lease.Reserve(budget::Nanos{1}, 1);
  if (!hold) return false;
  hold->Settle(budget::Nanos{1}, 1);
  return true;
}
}  // namespace baton
