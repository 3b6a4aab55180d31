// Or it does not compile.
#include "base/result.h"

namespace baton {
Status MightFail();
bool Use() {
  MightFail();
  return true;
}
}  // namespace baton
