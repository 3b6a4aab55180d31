// A Trace comes from the runner, which wants a Permit and a Route.
#include "workflow/run.h"

namespace baton {
std::size_t Use(const workflow::Trace& trace) {
  return trace.steps().size();
}
}  // namespace baton
