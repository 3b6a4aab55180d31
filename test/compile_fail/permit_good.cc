// A Permit comes from the rails and is moved along.
#include "rails/rails.h"

namespace baton {
bool Use(const rails::Rails& rails, const rails::Catalogue& catalogue, const chat::Request& request) {
  auto permit = rails.Admit(rails::Caller{}, rails::Controls{}, request, catalogue, TimePoint());
  if (!permit) return false;
  rails::Permit mine = std::move(permit).value();
  return mine.workers().size() == 1;
}
}  // namespace baton
