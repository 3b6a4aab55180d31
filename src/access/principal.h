// Who asks, once that is proven: the answer to a key or a token, shared by all requests that bring it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "budget/purse.h"

namespace baton::access {

// What a key may do on /admin and /metrics, least first. Roles are the server's, not a tenant's.
enum class Role {
  kNone,      // nothing there
  kViewer,    // look: metrics, workers, own tenant's balances
  kAuditor,   // read everything, change nothing
  kOperator,  // run it: cases, reload, keys without a role
  kOwner,     // everything, keys with roles included
};
std::string_view RoleName(Role role);
std::optional<Role> ParseRole(std::string_view name);

// What a key may do on /v1. A bit each.
enum class Scope : std::uint32_t {
  kChat = 1,
  kEmbeddings = 2,
  kModels = 4,
  kRoute = 8,
  kExchanges = 16,  // records of its own tenant
  kCases = 32,
};
using Scopes = std::uint32_t;
inline constexpr Scopes kAllScopes = 63;
std::string_view ScopeName(Scope scope);
// "chat", ...; the names in order.
std::optional<Scope> ParseScope(std::string_view name);
std::vector<std::string> ScopeNames(Scopes scopes);

// "At 80 % use cheaper workers."
struct TierDown {
  double at = 0.8;  // share of any limit that is spent or set aside
  std::vector<std::string> workers;
  bool operator==(const TierDown&) const = default;
};

struct Principal {
  std::string tenant, project, user;  // project and user may be empty
  std::string key;                    // public id of the key, or "token"
  Role role = Role::kNone;
  Scopes scopes = kAllScopes;
  // Names a request may ask for; empty: all.
  std::vector<std::string> models;
  std::shared_ptr<const budget::Purse> purse;
  std::optional<TierDown> tier_down;

  bool MayAsk(std::string_view model) const {
    return models.empty() || std::find(models.begin(), models.end(), model) != models.end();
  }
  bool Has(Scope scope) const { return (scopes & static_cast<Scopes>(scope)) != 0; }
};

}  // namespace baton::access
