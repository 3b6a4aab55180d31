// Nobody else makes one.
#include "route/rules.h"

namespace baton {
std::string Use() {
  route::Route route;
  return route.name();
}
}  // namespace baton
