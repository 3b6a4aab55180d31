// A key moves.
#include "base/secret.h"

namespace baton {
Secret Use(Secret key) {
  return Secret(std::move(key));
}
}  // namespace baton
