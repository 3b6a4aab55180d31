// There is one holder of an exchange's lease.
#include "rails/rails.h"

namespace baton {
rails::Permit PassOn(rails::Permit permit) {
  return permit;
}
rails::Permit Use(rails::Permit permit) {
  return PassOn(std::move(permit));
}
}  // namespace baton
