// `baton keys`: works on the store itself, beside a running server (which follows within a second) or before
// there is one. Whoever may write the store's file may make keys: it is how the first owner comes to be.

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "access/directory.h"
#include "access/issue.h"
#include "cli/commands.h"
#include "config/config.h"

namespace baton::cli {
namespace {

struct Opened {
  config::Config config;
  std::unique_ptr<access::KeyTable> table;
};

// Provider keys need not be set where only our own are managed; nothing here reads them.
config::Env EnvWithoutProviderKeys() {
  config::Env env = config::ProcessEnv();
  env.get = [real = env.get](const std::string& name) {
    auto value = real(name);
    return value && !value->empty() ? value : std::optional<std::string>("not-set");
  };
  return env;
}

std::string By() {
  const char* user = std::getenv("USER");
  std::string name = user ? user : "";
  return access::IsUser(name) ? "command line, " + name : "command line";
}

// Without tenants there may still be budgets of workers.
Result<Opened> Open(const KeysOptions& options, bool tenants = true) {
  Opened opened;
  TRY(opened.config, config::Load(options.config, EnvWithoutProviderKeys()));
  if (tenants && !opened.config.access.enabled()) {
    return Fail(Code::kInvalidRequest,
                fmt::format("{} has no tenants, so nobody needs a key; add `tenants:` first (docs/keys.md)",
                            options.config),
                "no_tenants");
  }
  TRY(opened.table, access::KeyTable::Open(opened.config.shared_path));
  opened.table->SignAs(By());
  return opened;
}

std::int64_t Now() {
  return SystemClock().UnixNanos();
}

Status Budgeted(const KeysOptions& o, access::KeyWish* wish) {
  access::Allowance a;
  if (!o.usd.empty() || o.tokens > 0) {
    budget::Budget b;
    if (!o.usd.empty()) {
      b.usd = budget::ParseUsd(o.usd);
      if (!b.usd || b.usd->v < 0) return Fail(Code::kInvalidRequest, "--usd: write an amount like 12.50");
    }
    if (o.tokens > 0) b.tokens = o.tokens;
    const auto per = budget::ParsePeriod(o.per);
    if (!per) return Fail(Code::kInvalidRequest, "--per: day, month or total");
    b.per = *per;
    a.budgets.push_back(b);
  }
  if (o.rpm > 0) a.limits.rpm = o.rpm;
  if (o.tpm > 0) a.limits.tpm = o.tpm;
  if (o.concurrent > 0) a.limits.concurrent = o.concurrent;
  if (!a.budgets.empty() || a.limits.any()) wish->allowance = std::move(a);
  return {};
}

Result<access::KeyWish> WishOf(const KeysOptions& o) {
  access::KeyWish wish;
  wish.tenant = o.tenant;
  wish.name = o.name;
  wish.project = o.project;
  wish.user = o.user;
  wish.role = o.role;
  wish.scopes = o.scopes;
  wish.models = o.models;
  TRY_VOID(Budgeted(o, &wish));
  if (!o.expires.empty()) {
    wish.lifetime = access::ParseLifetime(o.expires);
    if (!wish.lifetime) return Fail(Code::kInvalidRequest, "--expires: a time like 12h or 90d");
  }
  return wish;
}

int PrintIssued(const access::Issued& issued, bool json) {
  if (json) {
    fmt::print("{}\n", access::KeyJson(issued.row, Now(), issued.key));
    return 0;
  }
  // The key alone on standard output, so that it can be piped; words beside it.
  fmt::print("{}\n", issued.key);
  std::fflush(stdout);
  fmt::print(stderr, "This is the only time the key is shown. Its id is {}.\n", issued.row.id);
  return 0;
}

std::string Date(std::int64_t ns) {
  const std::time_t seconds = ns / 1'000'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return ns == 0 ? "-" : fmt::format("{:%Y-%m-%d %H:%M}", parts);
}

Result<access::Issued> Create(const KeysOptions& options) {
  TRY(auto opened, Open(options));
  TRY(const auto wish, WishOf(options));
  return access::IssueKey(*opened.table, opened.config.access, wish, By(), Now());
}

Status List(const KeysOptions& options) {
  TRY(auto opened, Open(options));
  TRY(const auto rows, opened.table->List(options.tenant));
  if (options.json) {
    std::string all;
    for (const auto& row : rows) all += (all.empty() ? "" : ",") + access::KeyJson(row, Now());
    fmt::print("[{}]\n", all);
    return {};
  }
  fmt::print("{:14} {:8} {:16} {:16} {:9} {:16} {}\n", "key", "state", "tenant", "name", "role",
             "created (UTC)", "expires");
  for (const auto& row : rows) {
    fmt::print("{:14} {:8} {:16} {:16} {:9} {:16} {}\n", std::string(access::kKeyPrefix) + row.id,
               access::KeyState(row, Now()), row.tenant, row.name.empty() ? "-" : row.name,
               access::RoleName(row.role), Date(row.created_ns), Date(row.expires_ns));
  }
  return {};
}

// "btk_" and what follows the id may be pasted along; the secret part is not looked at.
std::string IdOf(std::string text) {
  if (text.starts_with(access::kKeyPrefix)) text.erase(0, access::kKeyPrefix.size());
  return text.substr(0, access::kKeyIdSize);
}

Status Revoke(const KeysOptions& options) {
  TRY(auto opened, Open(options));
  const std::string id = IdOf(options.id);
  TRY(const bool changed, opened.table->Revoke(id, Now()));
  TRY(const auto row, opened.table->Find(id));
  if (options.json)
    fmt::print("{}\n", access::KeyJson(row, Now()));
  else
    fmt::print("{} {}\n", id, changed ? "is revoked" : "was revoked already");
  return {};
}

Result<access::Issued> Rotate(const KeysOptions& options) {
  TRY(auto opened, Open(options));
  const auto overlap = access::ParseLifetime(options.overlap);
  if (!overlap) return Fail(Code::kInvalidRequest, "--overlap: a time like 30m or 24h");
  return access::RotateKey(*opened.table, IdOf(options.id), *overlap, By(), Now());
}

nlohmann::ordered_json AccountJson(const access::NamedAccount& a, const budget::Balance& b) {
  nlohmann::ordered_json j;
  j["account"] = access::AccountLabel(a.tenant, a.name, a.account.per);
  j["limit_usd"] = a.limit.usd ? nlohmann::ordered_json(budget::FormatUsd(*a.limit.usd)) : nullptr;
  j["limit_tokens"] = a.limit.tokens ? nlohmann::ordered_json(*a.limit.tokens) : nullptr;
  j["spent_usd"] = budget::FormatUsd(b.spent.usd);
  j["spent_tokens"] = b.spent.tokens;
  j["held_usd"] = budget::FormatUsd(b.held.usd);
  j["presumed_usd"] = budget::FormatUsd(b.presumed.usd);
  return j;
}

Status Usage(const KeysOptions& options) {
  TRY(auto opened, Open(options, false));
  const std::string path = opened.config.shared_path + ".ledger";
  if (::access(path.c_str(), F_OK) != 0)
    return Fail(Code::kNotFound, "nothing has been spent yet: no server has run on this store", "no_ledger");
  budget::LedgerOptions ledger_options;
  ledger_options.path = path;
  TRY(std::shared_ptr<budget::Ledger> ledger, budget::Ledger::Open(std::move(ledger_options), SystemClock()));
  access::Registry registry(ledger, opened.table->pepper(), nullptr, {});
  TRY(const auto rows, opened.table->List());
  TRY_VOID(registry.Set(std::make_shared<const access::Settings>(opened.config.access), rows));
  for (const auto& w : opened.config.workers) {
    TRY(const auto claims, registry.ClaimsOf(w->name, w->budgets));
    (void)claims;
  }
  auto list = nlohmann::ordered_json::array();
  if (!options.json)
    fmt::print("{:44} {:>14} {:>14} {:>12} {:>12}\n", "account", "spent", "limit", "held", "presumed");
  for (const auto& a : registry.Accounts()) {
    if (!options.tenant.empty() && a.tenant != options.tenant) continue;
    const auto b = ledger->Read(a.account, a.stripe);
    if (options.json) {
      list.push_back(AccountJson(a, b));
      continue;
    }
    const std::string label = access::AccountLabel(a.tenant, a.name, a.account.per);
    if (a.limit.usd)
      fmt::print("{:44} {:>14} {:>14} {:>12} {:>12}\n", label, "$" + budget::FormatUsd(b.spent.usd),
                 "$" + budget::FormatUsd(*a.limit.usd), "$" + budget::FormatUsd(b.held.usd),
                 "$" + budget::FormatUsd(b.presumed.usd));
    if (a.limit.tokens)
      fmt::print("{:44} {:>14} {:>14} {:>12} {:>12}\n", label, fmt::format("{} t", b.spent.tokens),
                 fmt::format("{} t", *a.limit.tokens), b.held.tokens, b.presumed.tokens);
  }
  if (options.json) fmt::print("{}\n", list.dump());
  return {};
}

}  // namespace

int KeysCreate(const KeysOptions& options) {
  const auto issued = Create(options);
  return issued ? PrintIssued(*issued, options.json) : Complain(issued.error());
}

int KeysList(const KeysOptions& options) {
  const Status done = List(options);
  return done ? 0 : Complain(done.error());
}

int KeysRevoke(const KeysOptions& options) {
  const Status done = Revoke(options);
  return done ? 0 : Complain(done.error());
}

int KeysRotate(const KeysOptions& options) {
  const auto issued = Rotate(options);
  return issued ? PrintIssued(*issued, options.json) : Complain(issued.error());
}

int KeysUsage(const KeysOptions& options) {
  const Status done = Usage(options);
  return done ? 0 : Complain(done.error());
}

}  // namespace baton::cli
