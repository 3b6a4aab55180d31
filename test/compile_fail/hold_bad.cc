// Dropped, it would hold nothing.
#include "budget/lease.h"

namespace baton {
bool Use(budget::Lease& lease) {
  lease.Reserve(budget::Nanos{1}, 1);
  return true;
}
}  // namespace baton
