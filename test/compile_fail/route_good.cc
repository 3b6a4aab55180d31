// A Route comes from the rules.
#include "route/rules.h"

namespace baton {
std::string Use(const route::Rules& rules, const rails::Permit& permit, const rails::Catalogue& catalogue) {
  auto route = rules.Choose("baton", route::Features{}, permit, catalogue);
  return route ? route->name() : std::string();
}
}  // namespace baton
