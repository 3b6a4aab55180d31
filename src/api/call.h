// One request on its way through a handler: what came in, how to reply, what every reply carries.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "access/principal.h"
#include "api/api.h"
#include "api/error_reply.h"

namespace baton::api {

struct Call {
  const ApiDeps& deps;
  net::Request& request;
  net::Reply& reply;
  std::string request_id;
  int status = 0;                                      // set by the Send functions, for the counters
  std::shared_ptr<const access::Principal> principal;  // who asks; null without tenants
  std::optional<budget::Throttle::Pass> pass;          // its place among those that run

  // The tenant whose things may be seen; "local" without tenants.
  const std::string& tenant() const;
  // May see `tenant`'s records and cases.
  bool MaySee(const std::string& tenant) const;
  // Who acts, for the audit log: the key that was proven, and whom a person says to be.
  std::string Actor(std::string_view by = {}) const;

  // The caller and controls of an exchange, as the rails will see them.
  exchange::Envelope MakeEnvelope(rails::Controls controls) const;
  net::HeaderList Headers(std::string_view content_type) const;
  // A whole reply. That the client left meanwhile is nobody's business any more: the connection knows.
  Task<void> SendJson(int code, std::string body);
  Task<void> SendText(int code, std::string_view content_type, std::string body);
  Task<void> SendError(const Error& error);
};

// Adds x-baton-* for an exchange.
void AddHeading(const exchange::Heading& heading, net::HeaderList& headers);

// Handlers: free functions, one per endpoint. `arg` is the rest of the path for those that take one.
Task<void> HandleChat(Call& call, std::string_view arg);
Task<void> HandleEmbeddings(Call& call, std::string_view arg);
Task<void> HandleRoute(Call& call, std::string_view arg);
Task<void> HandleFeedback(Call& call, std::string_view arg);
Task<void> HandleModels(Call& call, std::string_view arg);
Task<void> HandleExchange(Call& call, std::string_view arg);
Task<void> HandleHealth(Call& call, std::string_view arg);
Task<void> HandleReady(Call& call, std::string_view arg);
Task<void> HandleMetrics(Call& call, std::string_view arg);
Task<void> HandleOpenApi(Call& call, std::string_view arg);
Task<void> HandleIndex(Call& call, std::string_view arg);
Task<void> HandleCosts(Call& call, std::string_view arg);
Task<void> HandleErase(Call& call, std::string_view arg);
Task<void> HandlePolicies(Call& call, std::string_view arg);
Task<void> HandlePolicyInstall(Call& call, std::string_view arg);
Task<void> HandlePolicyStep(Call& call, std::string_view arg);
Task<void> HandleReload(Call& call, std::string_view arg);
Task<void> HandleCases(Call& call, std::string_view arg);
Task<void> HandleCase(Call& call, std::string_view arg);
Task<void> HandleCaseAction(Call& call, std::string_view arg);
Task<void> HandleClientCase(Call& call, std::string_view arg);
Task<void> HandlePool(Call& call, std::string_view arg);
Task<void> HandleTools(Call& call, std::string_view arg);
Task<void> HandleKeys(Call& call, std::string_view arg);
Task<void> HandleKeyCreate(Call& call, std::string_view arg);
Task<void> HandleKeyAction(Call& call, std::string_view arg);
Task<void> HandleTenants(Call& call, std::string_view arg);
Task<void> HandleBudgets(Call& call, std::string_view arg);
Task<void> HandleBudgetAdjust(Call& call, std::string_view arg);

}  // namespace baton::api
