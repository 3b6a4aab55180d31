// A copy would be a second holder.
#include "rails/rails.h"

namespace baton {
rails::Permit PassOn(rails::Permit permit) {
  return permit;
}
rails::Permit Use(rails::Permit permit) {
  return PassOn(permit);
}
}  // namespace baton
