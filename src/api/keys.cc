// /admin/keys, /admin/tenants, /admin/budgets: who may ask, and what they have left.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "access/issue.h"
#include "api/call.h"
#include "api/key_wish.h"

namespace baton::api {
namespace {

using nlohmann::json;
using Ordered = nlohmann::ordered_json;

Error NoTenants() {
  return Fail(Code::kNotFound,
              "this server has no tenants, so nobody needs a key; add `tenants:` to its configuration",
              "no_tenants");
}

Error NoBudgets() {
  return Fail(Code::kNotFound, "this server has neither tenants nor workers with a budget", "no_budgets");
}

// ?tenant=NAME
std::string TenantOf(std::string_view query) {
  constexpr std::string_view kKey = "tenant=";
  const auto at = query.find(kKey);
  if (at == std::string_view::npos) return {};
  query.remove_prefix(at + kKey.size());
  return std::string(query.substr(0, query.find('&')));
}

// Workers may have budgets where there are no tenants.
access::Keeper* LedgersKeeper(const Call& call) {
  return call.deps.keeper ? call.deps.keeper() : nullptr;
}

access::Keeper* KeeperOf(const Call& call) {
  return call.deps.keeper && call.principal ? call.deps.keeper() : nullptr;
}

std::string WhoAsks(const Call& call) {
  if (!call.principal) return "this machine";
  const auto& who = *call.principal;
  return who.key == "token" ? "user " + who.user : "key " + who.key;
}

Ordered AmountJson(budget::Amount a) {
  return {{"usd", budget::FormatUsd(a.usd)}, {"tokens", a.tokens}};
}

Ordered BalanceJson(const access::NamedAccount& account, const budget::Balance& b) {
  Ordered j;
  j["account"] = access::AccountLabel(account.tenant, account.name, account.account.per);
  j["tenant"] = account.tenant;
  j["name"] = account.name;
  j["per"] = budget::PeriodName(account.account.per);
  j["since"] =
      account.account.per == budget::Period::kTotal ? Ordered() : Ordered(budget::DateText(b.period_start));
  j["limit"] = Ordered::object();
  j["left"] = Ordered::object();
  if (account.limit.usd) {
    j["limit"]["usd"] = budget::FormatUsd(*account.limit.usd);
    j["left"]["usd"] =
        budget::FormatUsd({std::max<std::int64_t>(account.limit.usd->v - b.spent.usd.v - b.held.usd.v, 0)});
  }
  if (account.limit.tokens) {
    j["limit"]["tokens"] = *account.limit.tokens;
    j["left"]["tokens"] = std::max<std::int64_t>(*account.limit.tokens - b.spent.tokens - b.held.tokens, 0);
  }
  j["spent"] = AmountJson(b.spent);
  j["held"] = AmountJson(b.held);
  j["presumed"] = AmountJson(b.presumed);
  j["disputed"] = AmountJson(b.disputed);
  return j;
}

void NoteKey(const Call& call, const char* action, const access::KeyRow& row) {
  const json detail{{"tenant", row.tenant}, {"role", access::RoleName(row.role)}};
  (void)call.deps.recorder->Append({0, call.Actor(), action, row.id, detail.dump()});
}

Task<void> SendKey(Call& call, int status, const char* action, const Result<access::Issued>& issued) {
  if (!issued) {
    co_await call.SendError(issued.error());
    co_return;
  }
  NoteKey(call, action, issued->row);
  // Nothing on the way may keep a reply with a key in it.
  call.status = status;
  net::HeaderList headers = call.Headers("application/json");
  headers.emplace_back("cache-control", "no-store");
  const std::string body = access::KeyJson(issued->row, call.deps.loop->clock().UnixNanos(), issued->key);
  (void)co_await call.reply.Send(status, headers, body);
}

// An operator makes keys that ask; whoever makes keys that govern must be an owner.
Status MayMake(const Call& call, const access::KeyWish& wish) {
  if (wish.role.empty() || wish.role == "none" || call.principal->role == access::Role::kOwner) return {};
  return Fail(Code::kPermissionDenied, "only an owner makes keys with a role", "role_missing", "role");
}

}  // namespace

Task<void> HandleKeyCreate(Call& call, std::string_view) {
  access::Keeper* keeper = KeeperOf(call);
  Result<access::KeyWish> wish = NoTenants();
  if (keeper) {
    wish = ReadKeyWish(call.request.body);
    if (wish) {
      if (Status may = MayMake(call, *wish); !may) wish = may.error();
    }
  }
  if (!wish) {
    co_await call.SendError(wish.error());
    co_return;
  }
  std::function<Result<access::Issued>(access::KeyTable&)> job =
      [wish = std::move(*wish), directory = keeper->registry().Get(), by = WhoAsks(call),
       now = call.deps.loop->clock().UnixNanos()](access::KeyTable& table) {
        return access::IssueKey(table, directory->settings(), wish, by, now);
      };
  auto issued = co_await keeper->Run<access::Issued>(*call.deps.loop, std::move(job));
  co_await SendKey(call, 201, "key_create", issued);
}

Task<void> HandleKeys(Call& call, std::string_view) {
  access::Keeper* keeper = KeeperOf(call);
  if (!keeper) {
    const Error error = NoTenants();
    co_await call.SendError(error);
    co_return;
  }
  std::function<Result<std::vector<access::KeyRow>>(access::KeyTable&)> job =
      [tenant = TenantOf(call.request.query)](access::KeyTable& table) { return table.List(tenant); };
  auto rows = co_await keeper->Run<std::vector<access::KeyRow>>(*call.deps.loop, std::move(job));
  if (!rows) {
    co_await call.SendError(rows.error());
    co_return;
  }
  std::string body = R"({"object":"list","data":[)";
  for (const auto& row : *rows) {
    if (&row != &rows->front()) body += ',';
    body += access::KeyJson(row, call.deps.loop->clock().UnixNanos());
  }
  body += "]}";
  co_await call.SendJson(200, std::move(body));
}

namespace {

// The role of the key to be changed counts too: an operator does not touch those that govern.
Status MayTouch(const access::KeyRow& row, access::Role mine) {
  if (row.role == access::Role::kNone || mine == access::Role::kOwner) return {};
  return Fail(Code::kPermissionDenied, "only an owner changes keys with a role", "role_missing");
}

Task<void> Revoke(Call& call, access::Keeper& keeper, std::string id) {
  std::function<Result<access::KeyRow>(access::KeyTable&)> job =
      [id, mine = call.principal->role,
       now = call.deps.loop->clock().UnixNanos()](access::KeyTable& table) -> Result<access::KeyRow> {
    TRY(const auto row, table.Find(id));
    TRY_VOID(MayTouch(row, mine));
    TRY(const bool changed, table.Revoke(id, now));
    (void)changed;
    return table.Find(id);
  };
  auto row = co_await keeper.Run<access::KeyRow>(*call.deps.loop, std::move(job));
  if (!row) {
    co_await call.SendError(row.error());
    co_return;
  }
  NoteKey(call, "key_revoke", *row);
  co_await call.SendJson(200, access::KeyJson(*row, call.deps.loop->clock().UnixNanos()));
}

Task<void> Rotate(Call& call, access::Keeper& keeper, std::string id) {
  const auto overlap = ReadOverlap(call.request.body);
  if (!overlap) {
    co_await call.SendError(overlap.error());
    co_return;
  }
  std::function<Result<access::Issued>(access::KeyTable&)> job =
      [id, overlap = *overlap, by = WhoAsks(call), mine = call.principal->role,
       now = call.deps.loop->clock().UnixNanos()](access::KeyTable& table) -> Result<access::Issued> {
    TRY(const auto row, table.Find(id));
    TRY_VOID(MayTouch(row, mine));
    return access::RotateKey(table, id, overlap, by, now);
  };
  auto issued = co_await keeper.Run<access::Issued>(*call.deps.loop, std::move(job));
  co_await SendKey(call, 201, "key_rotate", issued);
}

}  // namespace

Task<void> HandleKeyAction(Call& call, std::string_view arg) {
  access::Keeper* keeper = KeeperOf(call);
  const auto slash = arg.find('/');
  const std::string_view action = slash == std::string_view::npos ? "" : arg.substr(slash + 1);
  std::string id(arg.substr(0, std::min(slash, std::size_t{64})));
  if (!keeper) {
    const Error error = NoTenants();
    co_await call.SendError(error);
  } else if (action == "revoke") {
    co_await Revoke(call, *keeper, std::move(id));
  } else if (action == "rotate") {
    co_await Rotate(call, *keeper, std::move(id));
  } else {
    const Error error = Fail(Code::kNotFound, "what may be done to a key: revoke, rotate", "unknown_path");
    co_await call.SendError(error);
  }
}

Task<void> HandleTenants(Call& call, std::string_view) {
  access::Keeper* keeper = KeeperOf(call);
  if (!keeper) {
    const Error error = NoTenants();
    co_await call.SendError(error);
    co_return;
  }
  Ordered list = Ordered::array();
  const auto directory = keeper->registry().Get();
  for (const auto& t : directory->settings().tenants) {
    Ordered projects = Ordered::array(), users = Ordered::array();
    for (const auto& p : t.projects) projects.push_back(p.name);
    for (const auto& u : t.users) users.push_back(u.name);
    list.push_back({{"name", t.name}, {"models", t.models}, {"projects", projects}, {"users", users}});
  }
  Ordered body;
  body["object"] = "list";
  body["data"] = std::move(list);
  co_await call.SendJson(200, body.dump());
}

Task<void> HandleBudgets(Call& call, std::string_view) {
  access::Keeper* keeper = LedgersKeeper(call);
  if (!keeper) {
    const Error error = NoBudgets();
    co_await call.SendError(error);
    co_return;
  }
  const std::string tenant = TenantOf(call.request.query);
  Ordered list = Ordered::array();
  for (const auto& account : keeper->registry().Accounts()) {
    if (tenant.empty() || account.tenant == tenant)
      list.push_back(BalanceJson(account, keeper->ledger()->Read(account.account, account.stripe)));
  }
  Ordered body;
  body["object"] = "list";
  body["data"] = std::move(list);
  co_await call.SendJson(200, body.dump());
}

Task<void> HandleBudgetAdjust(Call& call, std::string_view) {
  access::Keeper* keeper = LedgersKeeper(call);
  const Result<Correction> correction =
      keeper ? ReadCorrection(call.request.body) : Result<Correction>(NoBudgets());
  if (!correction) {
    co_await call.SendError(correction.error());
    co_return;
  }
  for (const auto& account : keeper->registry().Accounts()) {
    if (access::AccountLabel(account.tenant, account.name, account.account.per) != correction->account)
      continue;
    keeper->ledger()->Adjust(account.account, account.stripe, correction->change);
    call.deps.log.Info("event=budget_adjusted account=\"{}\" usd={} tokens={} by=\"{}\"", correction->account,
                       correction->change.usd.v, correction->change.tokens, WhoAsks(call));
    const json detail{{"usd_nanos", correction->change.usd.v}, {"tokens", correction->change.tokens}};
    (void)call.deps.recorder->Append({0, call.Actor(), "budget_adjust", correction->account, detail.dump()});
    co_await call.SendJson(
        200, BalanceJson(account, keeper->ledger()->Read(account.account, account.stripe)).dump());
    co_return;
  }
  const Error error = Fail(Code::kNotFound, "there is no such account; GET /admin/budgets lists them",
                           "account_not_found", "account");
  co_await call.SendError(error);
}

}  // namespace baton::api
