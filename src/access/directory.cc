#include "access/directory.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/token.h"

namespace baton::access {
namespace {

// What both allow; an empty list allows all. Two lists that share nothing allow nothing, which is not the
// empty list: a name that no model has stands for it.
std::vector<std::string> Both(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  std::vector<std::string> both;
  for (const auto& name : a) {
    if (std::find(b.begin(), b.end(), name) != b.end()) both.push_back(name);
  }
  if (both.empty()) both.emplace_back("(none)");
  return both;
}

const MemberSettings* FindMember(const std::vector<MemberSettings>& all, const std::string& name) {
  for (const auto& m : all) {
    if (m.name == name) return &m;
  }
  return nullptr;
}

}  // namespace

std::string AccountLabel(const std::string& group, const std::string& name, budget::Period per) {
  return fmt::format("{} / {} / {}", group, name, budget::PeriodName(per));
}

Registry::Registry(std::shared_ptr<budget::Ledger> ledger, const Pepper& pepper, Metrics* metrics,
                   std::vector<SpendRow> backup)
    : ledger_(std::move(ledger)),
      pepper_(pepper),
      throttle_metrics_(std::make_shared<budget::ThrottleMetrics>(metrics)),
      directory_(nullptr) {
  for (auto& row : backup) backup_.emplace(row.account, row);
  if (metrics)
    keys_ = metrics->GetGauge("baton_keys", "Keys that the directory knows, revoked ones included.");
  auto empty = std::make_shared<Directory>();
  empty->settings_ = std::make_shared<Settings>();
  empty->issuers_ = std::make_shared<Issuers>(std::vector<IssuerSettings>(), nullptr);
  directory_.Set(std::move(empty));
}

// Collects, owner by owner, what one principal draws from.
struct Registry::Builder {
  Builder(Registry& r, const std::string& t) : registry(r), tenant(t) {}
  Registry& registry;
  const std::string& tenant;
  std::shared_ptr<budget::Claims> claims = std::make_shared<budget::Claims>();
  std::vector<budget::Throttle::Line> lines;

  Status Add(budget::Scope scope, const std::string& name, const Allowance& allowance)
      REQUIRES_LOCK(registry.m_) {
    const std::string kind(budget::ScopeName(scope));
    const std::string account = scope == budget::Scope::kTenant ? kind : kind + ":" + name;
    const std::string owner = kind + " '" + name + "'";
    for (const auto& budget : allowance.budgets) {
      TRY(const auto opened, registry.Open(tenant, account, budget));
      claims->all.push_back({opened, budget, scope, owner});
    }
    if (allowance.limits.any())
      lines.push_back({registry.MeterOf(tenant + "\n" + account, scope, owner), allowance.limits});
    return {};
  }

  std::shared_ptr<const budget::Purse> Close() REQUIRES_LOCK(registry.m_) {
    auto purse = std::make_shared<budget::Purse>();
    claims->stripe = budget::Ledger::StripeOf(tenant);
    purse->ledger = registry.ledger_;
    purse->claims = std::move(claims);
    if (!lines.empty()) {
      purse->throttle = std::make_shared<budget::Throttle>(registry.GroupOf(tenant), std::move(lines),
                                                           registry.throttle_metrics_);
    }
    return purse;
  }
};

// A lost ledger begins with the balances that were copied last.
Result<budget::Account> Registry::Open(const std::string& group, const std::string& name,
                                       const budget::Budget& budget) {
  TRY(const auto account, ledger_->Find(group, name, budget.per));
  const std::string label = AccountLabel(group, name, budget.per);
  const std::size_t stripe = budget::Ledger::StripeOf(group);
  if (const auto saved = backup_.find(label); saved != backup_.end()) {
    ledger_->Restore(account, stripe, saved->second.period_start, saved->second.spent);
    backup_.erase(saved);
  }
  accounts_[label] = {group, name, account, stripe, budget};
  return account;
}

std::shared_ptr<budget::Meter> Registry::MeterOf(const std::string& name, budget::Scope scope,
                                                 const std::string& owner) {
  auto& kept = meters_[name];
  auto meter = kept.lock();
  if (!meter) kept = meter = std::make_shared<budget::Meter>(scope, owner);
  if (meters_.size() > sweep_at_) {
    std::erase_if(meters_, [](const auto& m) { return m.second.expired(); });
    sweep_at_ = std::max<std::size_t>(1024, 2 * meters_.size());
  }
  return meter;
}

std::shared_ptr<Mutex> Registry::GroupOf(const std::string& tenant) {
  auto& group = groups_[tenant];
  if (!group) group = std::make_shared<Mutex>();
  return group;
}

Status Registry::Set(std::shared_ptr<const Settings> settings, const std::vector<KeyRow>& rows) {
  auto next = std::make_shared<Directory>();
  next->settings_ = settings;
  const auto before = Get();
  next->issuers_ = before->settings_ == settings
                       ? before->issuers_
                       : std::make_shared<Issuers>(settings->issuers, before->issuers_.get());
  next->entries_.reserve(rows.size());
  MutexLock lock(m_);
  for (const KeyRow& row : rows) {
    Directory::Entry& entry = next->entries_[row.hash];
    entry.expires_ns = row.expires_ns;
    entry.revoked = row.revoked_ns != 0;
    const TenantSettings* tenant = settings->Find(row.tenant);
    if (!tenant || entry.revoked) continue;
    auto p = std::make_shared<Principal>();
    p->tenant = row.tenant;
    p->project = row.project;
    p->user = row.user;
    p->key = row.id;
    p->role = row.role;
    p->scopes = row.scopes;
    p->tier_down = tenant->tier_down;
    p->models = Both(row.models, tenant->models);
    Builder build(*this, p->tenant);
    TRY_VOID(build.Add(budget::Scope::kKey, row.family, row.allowance.value_or(tenant->each_key)));
    TRY_VOID(AddMembers(build, *tenant, *p));
    p->purse = build.Close();
    entry.principal = std::move(p);
  }
  keys_.Set(static_cast<double>(next->size()));
  directory_.Set(std::move(next));
  version_.fetch_add(1, std::memory_order_release);
  return {};
}

// User, project and tenant of a principal; their model lists narrow its own.
Status Registry::AddMembers(Builder& build, const TenantSettings& tenant, Principal& p) {
  if (!p.user.empty()) {
    const MemberSettings* user = FindMember(tenant.users, p.user);
    TRY_VOID(build.Add(budget::Scope::kUser, p.user, user ? user->allowance : tenant.each_user));
    if (user) p.models = Both(p.models, user->models);
  }
  if (const MemberSettings* project = FindMember(tenant.projects, p.project)) {
    TRY_VOID(build.Add(budget::Scope::kProject, p.project, project->allowance));
    p.models = Both(p.models, project->models);
  }
  return build.Add(budget::Scope::kTenant, p.tenant, tenant.allowance);
}

Result<std::shared_ptr<const Principal>> Registry::PrincipalOf(const TokenOwner& owner) {
  const auto directory = Get();
  const TenantSettings* tenant = directory->settings().Find(owner.tenant);
  if (!tenant) {
    return Fail(Code::kPermissionDenied, "the token is valid, but its tenant is not configured here",
                "unknown_tenant");
  }
  auto p = std::make_shared<Principal>();
  p->tenant = owner.tenant;
  p->project = owner.project;
  p->user = owner.user;
  p->key = "token";
  p->role = owner.role;
  p->models = tenant->models;
  p->tier_down = tenant->tier_down;
  MutexLock lock(m_);
  Builder build(*this, p->tenant);
  TRY_VOID(AddMembers(build, *tenant, *p));
  p->purse = build.Close();
  return std::shared_ptr<const Principal>(std::move(p));
}

Result<std::shared_ptr<const budget::Claims>> Registry::ClaimsOf(const std::string& worker,
                                                                 const std::vector<budget::Budget>& budgets) {
  if (budgets.empty()) return std::shared_ptr<const budget::Claims>();
  const std::string group = "worker:" + worker;
  auto claims = std::make_shared<budget::Claims>();
  claims->stripe = budget::Ledger::StripeOf(group);
  MutexLock lock(m_);
  for (const auto& budget : budgets) {
    TRY(const auto account, Open(group, "worker", budget));
    claims->all.push_back({account, budget, budget::Scope::kWorker, "worker '" + worker + "'"});
  }
  return std::shared_ptr<const budget::Claims>(std::move(claims));
}

std::vector<NamedAccount> Registry::Accounts() const {
  MutexLock lock(m_);
  std::vector<NamedAccount> all;
  for (const auto& [label, account] : accounts_) all.push_back(account);
  return all;
}

}  // namespace baton::access
