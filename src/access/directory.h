// The directory: every key by its hash, as an immutable snapshot; and the registry that makes one out of the
// configuration and the store's rows.
#pragma once

#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "access/key_table.h"
#include "access/principal.h"
#include "access/settings.h"
#include "base/mutex.h"
#include "base/snapshot.h"
#include "budget/purse.h"

namespace baton::access {

class Issuers;

class Directory {
 public:
  struct Entry {
    std::shared_ptr<const Principal> principal;  // null: revoked, or its tenant is gone
    std::int64_t expires_ns = 0;                 // 0: never
    bool revoked = false;
  };
  // Null: no such key. Nanoseconds, whatever the number of keys; the hash of a key that somebody sends cannot
  // be steered, so nothing is learned from how long it takes.
  const Entry* Find(const KeyHash& hash) const {
    const auto at = entries_.find(hash);
    return at == entries_.end() ? nullptr : &at->second;
  }
  std::size_t size() const { return entries_.size(); }
  const Settings& settings() const { return *settings_; }
  // Whose tokens are accepted; never null. Its keys change while the directory stays.
  const std::shared_ptr<Issuers>& issuers() const { return issuers_; }

 private:
  friend class Registry;
  struct Hash {
    std::size_t operator()(const KeyHash& h) const {
      std::size_t n = 0;
      std::memcpy(&n, h.data(), sizeof(n));
      return n;
    }
  };
  struct Same {
    bool operator()(const KeyHash& a, const KeyHash& b) const { return SameHash(a, b); }
  };
  std::unordered_map<KeyHash, Entry, Hash, Same> entries_;
  std::shared_ptr<const Settings> settings_;
  std::shared_ptr<Issuers> issuers_;
};

// Whose a token is, by its claims.
struct TokenOwner {
  std::string tenant, project, user;
  Role role = Role::kNone;
};

// An account by name, for lists and backups.
struct NamedAccount {
  std::string tenant;  // or "worker:NAME"
  std::string name;    // "tenant", "project:chat", "user:ann", "key:k7q2m9xw3d"; "worker"
  budget::Account account;
  std::size_t stripe = 0;
  budget::Budget limit;
};

// One per process; thread safe. Meters and accounts outlive the directories that name them.
class Registry {
 public:
  // `backup`: balances to begin with where the ledger was lost. `metrics` may be null.
  Registry(std::shared_ptr<budget::Ledger> ledger, const Pepper& pepper, Metrics* metrics,
           std::vector<SpendRow> backup);

  // Replaces the directory. A key whose tenant is not configured any more is not valid. The error is of the
  // ledger (full); nothing has changed then.
  Status Set(std::shared_ptr<const Settings> settings, const std::vector<KeyRow>& rows);
  std::shared_ptr<const Directory> Get() const { return directory_.Get(); }
  // Goes up with every Set(): a loop looks at this and fetches the directory when it has changed.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // kPermissionDenied "unknown_tenant" for one that is not configured.
  Result<std::shared_ptr<const Principal>> PrincipalOf(const TokenOwner& owner);
  // A worker's budgets as claims; null: it has none.
  Result<std::shared_ptr<const budget::Claims>> ClaimsOf(const std::string& worker,
                                                         const std::vector<budget::Budget>& budgets);
  // What keys are hashed with.
  const Pepper& pepper() const { return pepper_; }
  std::shared_ptr<budget::Ledger> ledger() const { return ledger_; }
  // All accounts with a budget, and with how much is left; by tenant and name.
  std::vector<NamedAccount> Accounts() const;

 private:
  struct Builder;
  Status AddMembers(Builder& build, const TenantSettings& tenant, Principal& p) REQUIRES_LOCK(m_);
  Result<budget::Account> Open(const std::string& group, const std::string& name,
                               const budget::Budget& budget) REQUIRES_LOCK(m_);
  std::shared_ptr<budget::Meter> MeterOf(const std::string& name, budget::Scope scope,
                                         const std::string& owner) REQUIRES_LOCK(m_);
  std::shared_ptr<Mutex> GroupOf(const std::string& tenant) REQUIRES_LOCK(m_);

  const std::shared_ptr<budget::Ledger> ledger_;
  const Pepper pepper_;
  const std::shared_ptr<const budget::ThrottleMetrics> throttle_metrics_;
  Gauge keys_;
  Snapshot<Directory> directory_;
  std::atomic<std::uint64_t> version_ = 0;

  mutable Mutex m_;
  std::map<std::string, SpendRow> backup_ GUARDED_BY(m_);
  std::map<std::string, std::weak_ptr<budget::Meter>> meters_ GUARDED_BY(m_);
  std::size_t sweep_at_ GUARDED_BY(m_) = 1024;
  std::map<std::string, std::shared_ptr<Mutex>> groups_ GUARDED_BY(m_);
  std::map<std::string, NamedAccount> accounts_ GUARDED_BY(m_);
};

// "support / key:k7q2m9xw3d / day": how a balance is called in the store's backup.
std::string AccountLabel(const std::string& group, const std::string& name, budget::Period per);

}  // namespace baton::access
