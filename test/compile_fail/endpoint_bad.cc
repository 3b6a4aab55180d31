// The key of an endpoint cannot be taken out and put on a request to somewhere else.
#include "net/endpoint.h"

namespace baton::net {
std::string Use(const Endpoint& bound) {
  return std::string(bound.value_.Reveal());
}
}  // namespace baton::net
