// Tenants, their budgets and limits, and whose tokens are accepted: every name must lead somewhere.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "config/draft.h"

namespace baton::config {
namespace {

class TenantBuilder {
 public:
  TenantBuilder(const Config& config, Problems* problems) : problems_(problems) {
    models_.insert(models_.end(), std::begin(route::kModelAliases), std::end(route::kModelAliases));
    for (const auto& rule : config.routes.rules) models_.emplace_back(rule.name);
    for (const auto& name : config.routes.workflows) models_.emplace_back(name);
    for (const auto& w : config.workers) {
      models_.emplace_back(w->name);
      workers_.emplace_back(w->name);
    }
  }

  access::TenantSettings Tenant(const TenantDraft& d) {
    access::TenantSettings t;
    t.name = d.name;
    const std::string who = fmt::format("tenant '{}'", d.name);
    CheckName(d.name, d.At("name"), "tenant", &tenants_, false);
    t.models = d.models;
    CheckNames(d.models, d.At("models"), who, models_, "model");
    t.allowance = {Budgets(d.budget, problems_), d.limits.v};
    t.projects = Members(d.projects, "project", false);
    t.users = Members(d.users, "user", true);
    t.each_key = {Budgets(d.each_key.budget, problems_), d.each_key.limits.v};
    t.each_user = {Budgets(d.each_user.budget, problems_), d.each_user.limits.v};
    if (d.Has("tier_down")) {
      t.tier_down = access::TierDown{d.tier_down.at, d.tier_down.workers};
      CheckNames(d.tier_down.workers, d.tier_down.At("workers"), who + ": tier_down", workers_, "worker");
    }
    return t;
  }

  void CheckNames(const std::vector<std::string>& names, const Place& place, const std::string& who,
                  const std::vector<std::string_view>& known, const char* what) {
    for (const auto& name : names) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string_view near = Nearest(name, known);
      problems_->Add(place, fmt::format("{} names the {} '{}', which there is not{}", who, what, name,
                                        near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
  }

  bool IsTenant(const std::string& name) const { return tenants_.contains(name); }

  static std::vector<budget::Budget> Budgets(const std::vector<BudgetDraft>& drafts, Problems* problems) {
    std::vector<budget::Budget> all;
    for (const auto& d : drafts) {
      budget::Budget b{d.usd, d.tokens, budget::ParsePeriod(d.per).value_or(budget::Period::kMonth)};
      if (!b.usd && !b.tokens) problems->Add(d.place, "a budget needs 'usd' or 'tokens' (or both)");
      if (std::any_of(all.begin(), all.end(), [&](const auto& o) { return o.per == b.per; }))
        problems->Add(d.place,
                      fmt::format("there are two budgets per {}; write one with both limits", d.per));
      all.push_back(b);
    }
    return all;
  }

 private:
  void CheckName(const std::string& name, const Place& place, const char* what, std::set<std::string>* seen,
                 bool user) {
    if (name.empty()) return;  // told as missing
    if (!(user ? access::IsUser(name) : access::IsName(name)))
      problems_->Add(place, fmt::format("a {}'s name has 1 to {} letters, digits or . _ : / @ + -{}", what,
                                        user ? 128 : 64, user ? " | = ~ ! *" : ""));
    if (!seen->insert(name).second)
      problems_->Add(place, fmt::format("there are two {}s called '{}'", what, name));
  }

  std::vector<access::MemberSettings> Members(const std::vector<MemberDraft>& drafts, const char* what,
                                              bool user) {
    std::vector<access::MemberSettings> all;
    std::set<std::string> seen;
    for (const auto& d : drafts) {
      CheckName(d.name, d.At("name"), what, &seen, user);
      CheckNames(d.models, d.At("models"), fmt::format("{} '{}'", what, d.name), models_, "model");
      all.push_back({d.name, {Budgets(d.budget, problems_), d.limits.v}, d.models});
    }
    return all;
  }

  Problems* problems_;
  std::vector<std::string_view> models_, workers_;
  std::set<std::string> tenants_;
};

void CheckJwks(const IssuerDraft& d, access::IssuerSettings* s, Problems* problems) {
  const Place place = d.At("jwks");
  const std::string who = fmt::format("issuer '{}'", d.v.issuer);
  if (d.jwks.starts_with("file:")) {
    s->jwks_file = ResolvePath(place, d.jwks.substr(5));
    return;
  }
  CheckBaseUrl(d.jwks, d.private_address, place, who + " (jwks)", problems);
  // Whoever can change the keys on the way can sign tokens.
  if (!d.jwks.starts_with("https://") && !d.private_address)
    problems->Add(place, fmt::format("{}: jwks must be fetched over https, or be file:PATH", who));
  s->jwks_url = d.jwks;
}

void BuildIssuers(const RootDraft& draft, const TenantBuilder& tenants, Problems* problems, Config* config) {
  std::set<std::string> seen;
  for (const auto& d : draft.issuers) {
    access::IssuerSettings s = d.v;
    if (s.issuer.empty() || d.jwks.empty()) continue;  // told as missing
    const std::string who = fmt::format("issuer '{}'", s.issuer);
    if (!seen.insert(s.issuer).second) problems->Add(d.At("issuer"), fmt::format("{} is given twice", who));
    if (s.tenant.empty() == s.tenant_claim.empty())
      problems->Add(d.place, fmt::format("{} needs 'tenant' or 'tenant_claim', and not both", who));
    if (!s.tenant.empty() && !tenants.IsTenant(s.tenant))
      problems->Add(d.At("tenant"),
                    fmt::format("{} names the tenant '{}', which there is not", who, s.tenant));
    if (s.role_claim.empty() != s.roles.empty())
      problems->Add(d.place, fmt::format("{}: 'role_claim' and 'roles' belong together", who));
    CheckJwks(d, &s, problems);
    config->access.issuers.push_back(std::move(s));
  }
  if (!draft.issuers.empty() && draft.tenants.empty())
    problems->Add(draft.At("issuers"), "issuers: their tokens belong to tenants; add some under 'tenants:'");
}

}  // namespace

std::vector<budget::Budget> BudgetsOf(const std::vector<BudgetDraft>& drafts, Problems* problems) {
  return TenantBuilder::Budgets(drafts, problems);
}

void BuildTenants(const RootDraft& draft, Problems* problems, Config* config) {
  TenantBuilder build(*config, problems);
  for (const auto& d : draft.tenants) config->access.tenants.push_back(build.Tenant(d));
  if (draft.Has("tenants") && draft.tenants.empty())
    problems->Add(draft.At("tenants"), "tenants: name at least one, or leave the key out");
  BuildIssuers(draft, build, problems, config);
  if (config->access.enabled() && config->shared_path == ":memory:")
    problems->Add(draft.At("store"),
                  "tenants need a store in a file: keys that are forgotten at every start are none");
}

}  // namespace baton::config
