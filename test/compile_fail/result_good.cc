// A Result is looked at.
#include "base/result.h"

namespace baton {
Status MightFail();
bool Use() {
  return static_cast<bool>(MightFail());
}
}  // namespace baton
