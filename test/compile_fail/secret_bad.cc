// It is not copied.
#include "base/secret.h"

namespace baton {
Secret Use(const Secret& key) {
  return Secret(key);
}
}  // namespace baton
