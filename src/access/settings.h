// What the configuration says about who may ask: plain data, checked by config/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "budget/ledger.h"
#include "budget/throttle.h"

namespace baton::access {

// What somebody may use up.
struct Allowance {
  std::vector<budget::Budget> budgets;  // one per period at most
  budget::Limits limits;
  bool operator==(const Allowance&) const = default;
};

// A project or a user of a tenant.
struct MemberSettings {
  std::string name;
  Allowance allowance;
  std::vector<std::string> models;  // empty: the tenant's
  bool operator==(const MemberSettings&) const = default;
};

struct TenantSettings {
  std::string name;
  Allowance allowance;
  std::vector<std::string> models;  // empty: all
  std::vector<MemberSettings> projects, users;
  Allowance each_key, each_user;  // what a key or user has that says nothing of its own
  std::optional<TierDown> tier_down;
  bool operator==(const TenantSettings&) const = default;
};

// Whose tokens (JWT) are accepted, and what is read from them.
struct IssuerSettings {
  std::string issuer;
  std::vector<std::string> audiences;
  std::string jwks_url;   // http(s), or empty
  std::string jwks_file;  // a file with the same content, or empty
  std::vector<std::string> algorithms = {"RS256", "ES256", "EdDSA"};
  std::string tenant;        // fixed, or empty:
  std::string tenant_claim;  // the claim that names it
  std::string user_claim = "sub", project_claim, role_claim;
  // Values of the role claim, and what they stand for here.
  std::vector<std::pair<std::string, Role>> roles;
  Duration leeway = std::chrono::seconds(60);
  Duration refresh = std::chrono::minutes(10);
  Duration stale = std::chrono::hours(24);  // how long the last keys serve while new ones cannot be fetched
};

struct Settings {
  std::vector<TenantSettings> tenants;
  std::vector<IssuerSettings> issuers;
  bool enabled() const { return !tenants.empty(); }
  const TenantSettings* Find(std::string_view tenant) const {
    for (const auto& t : tenants) {
      if (t.name == tenant) return &t;
    }
    return nullptr;
  }
};

// Names of tenants, projects and keys, wherever they come from: they go into headers, records and messages.
// 1 to 64 characters: letters, digits and . _ : / @ + -
bool IsName(std::string_view name);
// Users, whose names other systems give: up to 128 characters, also | = ~ ! *
bool IsUser(std::string_view name);

}  // namespace baton::access
