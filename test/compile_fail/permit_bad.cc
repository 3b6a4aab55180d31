// Nobody else makes one.
#include "rails/rails.h"

namespace baton {
bool Use() {
  rails::Permit mine;
  return mine.workers().size() == 1;
}
}  // namespace baton
