#include "net/endpoint.h"

#include <utility>

#include "net/ascii.h"

namespace baton::net {

Endpoint::Endpoint(Url url, std::string header, Secret value)
    : url_(std::move(url)), header_(std::move(header)), value_(std::move(value)) {}

Task<Result<std::unique_ptr<ClientResponse>>> Endpoint::Send(Client& client, ClientRequest request,
                                                             PhaseTimeouts timeouts, Cancel* cancel) const {
  request.target = url_.path + request.target;
  if (!value_.empty()) {
    std::erase_if(request.headers, [this](const auto& h) { return EqualsIgnoreCase(h.first, header_); });
    request.headers.emplace_back(header_, std::string(value_.Reveal()));
  }
  return client.Send(url_.origin, std::move(request), timeouts, cancel);
}

}  // namespace baton::net
