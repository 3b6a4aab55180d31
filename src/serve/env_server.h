// The training environment over HTTP: `baton env`.
//
//   GET  /health       {"status":"ok"}, without a token
//   GET  /describe     families, splits, workers
//   POST /reset        a problem, as a planner reads it
//   POST /score        a completion's reward
//   POST /batch        many of them
//
// All but /health want "Authorization: Bearer TOKEN". Errors have the API's own shape.
#pragma once

#include <string>

#include "arena/service.h"
#include "base/metric.h"
#include "base/secret.h"
#include "net/server.h"

namespace baton::serve {

class EnvServer {
 public:
  // `service` outlives it. An empty token lets everybody in: for the loopback only, which the caller sees to.
  EnvServer(arena::Service& service, Secret token) : service_(service), token_(std::move(token)) {}

  Task<void> Handle(net::Request& request, net::Reply& reply);
  struct Counts {
    std::uint64_t resets = 0, scores = 0, batches = 0, refused = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  bool Admitted(const net::Request& request) const;
  Task<Result<std::string>> Answer(net::Request& request);

  arena::Service& service_;
  const Secret token_;
  Counts counts_;
};

}  // namespace baton::serve
