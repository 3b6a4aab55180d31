// Baton's public HTTP surface. One Api per loop; it finds the handler, the handlers speak OpenAI.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "access/keeper.h"
#include "api/idempotency.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metric.h"
#include "exchange/exchange.h"
#include "human/desk.h"
#include "learn/command.h"
#include "net/server.h"
#include "record/recorder.h"

namespace baton::access {
class Gate;
}

namespace baton::api {

// What the process says about itself; shared by all loops.
struct Health {
  std::atomic<bool> ready{false};
  std::atomic<bool> draining{false};
};

struct ApiDeps {
  Loop* loop = nullptr;
  const exchange::Conductor* conductor = nullptr;
  // The loop's current house; an exchange keeps what it gets here to its end.
  std::function<std::shared_ptr<exchange::House>()> house;
  record::Recorder* recorder = nullptr;
  IdempotencyCache* idempotency = nullptr;
  human::Desk* desk = nullptr;  // null: no review queue
  Metrics* metrics = nullptr;
  const Health* health = nullptr;
  // Loads the config again and swaps it in everywhere. The answer is a sentence for the operator; on error
  // nothing has changed and the message says why. May take seconds; runs elsewhere.
  std::function<Task<Result<std::string>>()> reload;
  // Destroys content that was kept (docs/audit.md); may take as long as a disk.
  std::function<Task<Status>(record::Erasure)> erase;
  // What operators ask of learned policies; the answer is JSON. Runs elsewhere. Empty: nothing learns here.
  std::function<Task<Result<std::string>>(learn::Command)> policies;
  // Who may ask; this loop's. Empty, null or not closed: everybody, for want of tenants.
  std::function<access::Gate*()> gate;
  // Keys and budgets, for /admin; null without tenants.
  std::function<access::Keeper*()> keeper;
  // Fetches the keys of token issuers that are due; seconds at most. May be empty.
  std::function<Task<void>()> fetch_token_keys;
  std::string version;
  bool loopback_only = true;  // without keys the admin surface trusts the loopback and nothing else
  Log log = Log::Null();
};

class Api {
 public:
  explicit Api(ApiDeps deps);
  // The net::Handler. Never fails: whatever happens, the client gets a well-formed reply or a broken
  // connection.
  Task<void> Handle(net::Request& request, net::Reply& reply);

  const ApiDeps& deps() const { return deps_; }

 private:
  void Count(std::string_view endpoint, int status, TimePoint received);

  ApiDeps deps_;
  struct EndpointMetrics;
  std::shared_ptr<EndpointMetrics> metrics_;
};

// Body and content type for refusals below the handlers, in the API's error shape
// (net::ServerOptions::error_body).
std::pair<std::string, std::string> ErrorPage(int status, std::string_view reason, std::string_view message);

}  // namespace baton::api
