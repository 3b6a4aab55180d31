// A server that takes a credential, and the credential itself, in one object that gives neither away.
//
// The key is bound to the origin it was made for: there is no way to put it on a request to anywhere else,
// because nothing hands it out. Redirects are not followed (net/client.h), so the origin it is sent to is the
// one given here.
#pragma once

#include <memory>
#include <string>

#include "base/secret.h"
#include "net/client.h"

namespace baton::net {

class Endpoint {
 public:
  // `header` and `value`: what carries the credential ("Authorization", "Bearer ..."). An empty value: none.
  Endpoint(Url url, std::string header, Secret value);

  // Sends `request` to this origin, its path in front of the target, the credential beside the request's own
  // headers; one of the same name there is replaced. As Client::Send otherwise. This must outlive the task.
  Task<Result<std::unique_ptr<ClientResponse>>> Send(Client& client, ClientRequest request,
                                                     PhaseTimeouts timeouts, Cancel* cancel) const;
  const Url& url() const { return url_; }

 private:
  const Url url_;
  const std::string header_;
  const Secret value_;
};

}  // namespace baton::net
