// One provider over HTTP: encode, send, decode. Everything vendor-specific is in the codec, everything about
// sockets in net/; what is left here is the order of things, the key, and who gets the blame.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/client.h"
#include "net/endpoint.h"
#include "pool/create.h"
#include "pool/leave.h"
#include "provider/dialect.h"

namespace baton::pool {

class HttpBackend : public Backend {
 public:
  HttpBackend(std::shared_ptr<const Worker> worker, Loop& loop, net::Client& client, HttpLimits limits);
  Task<AttemptResult> Chat(const Attempt& attempt) override;
  Task<EmbedResult> Embed(const chat::EmbedRequest& request, Deadline deadline, Cancel* cancel) override;
  Result<std::vector<provider::Loss>> Explain(const chat::Request& request) const override;

 private:
  using Opened = Result<std::unique_ptr<net::ClientResponse>>;

  net::ClientRequest MakeRequest(provider::Encoded encoded, const std::string& idempotency_key) const;
  net::PhaseTimeouts Phases(Deadline deadline) const;
  Task<void> ReadReply(net::ClientResponse& response, const Attempt& attempt, Leave& leave,
                       AttemptResult* out);
  Task<void> ReadWhole(net::ClientResponse& response, const Attempt& attempt, Leave& leave,
                       AttemptResult* out);
  Task<void> ReadStream(net::ClientResponse& response, const Attempt& attempt, Leave& leave,
                        AttemptResult* out);

  // Constant after construction.
  std::shared_ptr<const Worker> worker_;
  Loop& loop_;
  net::Client& client_;
  HttpLimits limits_;
  const provider::WorkerCodec* codec_ = nullptr;
  std::shared_ptr<const net::Endpoint> endpoint_;  // null: broken
  bool takes_idempotency_key_ = false;
  // Why no call can work, where the definition is wrong.
  std::optional<Error> broken_;
};

}  // namespace baton::pool
