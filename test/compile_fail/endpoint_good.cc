// A request to the endpoint itself carries its key without anybody seeing it.
#include "net/endpoint.h"

namespace baton::net {
Task<Result<std::unique_ptr<ClientResponse>>> Use(const Endpoint& bound, Client& client) {
  return bound.Send(client, {}, {}, nullptr);
}
}  // namespace baton::net
