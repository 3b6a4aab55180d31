#include "access/issue.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace baton::access {
namespace {

using Json = nlohmann::ordered_json;

Error Bad(std::string field, std::string message) {
  return Fail(Code::kInvalidRequest, std::move(message), "bad_key_request", std::move(field));
}

Status CheckWhose(const Settings& settings, const KeyWish& wish) {
  const TenantSettings* tenant = settings.Find(wish.tenant);
  if (!tenant) {
    // What is not a name is not repeated: it may be anything.
    return Bad("tenant", IsName(wish.tenant)
                             ? fmt::format("there is no tenant '{}' in the configuration", wish.tenant)
                             : std::string("name a tenant of the configuration"));
  }
  if (!wish.name.empty() && !IsName(wish.name))
    return Bad("name", "a key's name has 1 to 64 letters, digits or . _ : / @ + -");
  if (!wish.user.empty() && !IsUser(wish.user))
    return Bad("user", "a user's name has 1 to 128 letters, digits or . _ : / @ + - | = ~ ! *");
  if (wish.project.empty()) return {};
  for (const auto& project : tenant->projects) {
    if (project.name == wish.project) return {};
  }
  return Bad("project",
             fmt::format("tenant '{}' has no project of that name in the configuration", tenant->name));
}

Status CheckAllowance(const Allowance& a) {
  for (const auto& b : a.budgets) {
    if (!b.usd && !b.tokens) return Bad("budget", "a budget needs usd or tokens");
    if ((b.usd && b.usd->v < 0) || (b.tokens && *b.tokens < 0))
      return Bad("budget", "a budget is not negative");
  }
  for (const auto& limit : {a.limits.rpm, a.limits.tpm, a.limits.concurrent}) {
    if (limit && *limit < 1) return Bad("limits", "a limit is at least 1");
  }
  return {};
}

Result<Scopes> ReadScopes(const std::vector<std::string>& names) {
  if (names.empty()) return kAllScopes;
  Scopes scopes = 0;
  for (const auto& name : names) {
    const auto scope = ParseScope(name);
    if (!scope) return Bad("scopes", fmt::format("scopes are {}", fmt::join(ScopeNames(kAllScopes), ", ")));
    scopes |= static_cast<Scopes>(*scope);
  }
  return scopes;
}

Json BudgetsJson(const Allowance& a) {
  Json list = Json::array();
  for (const auto& b : a.budgets) {
    Json one;
    if (b.usd) one["usd"] = budget::FormatUsd(*b.usd);
    if (b.tokens) one["tokens"] = *b.tokens;
    one["per"] = budget::PeriodName(b.per);
    list.push_back(std::move(one));
  }
  return list;
}

Json LimitsJson(const budget::Limits& l) {
  Json limits = Json::object();
  if (l.rpm) limits["rpm"] = *l.rpm;
  if (l.tpm) limits["tpm"] = *l.tpm;
  if (l.concurrent) limits["concurrent"] = *l.concurrent;
  return limits;
}

Issued Mint(const KeyTable& table, KeyRow row, const std::string& by, std::int64_t now_ns) {
  Issued issued;
  issued.key = MintKey();
  row.id = std::string(*KeyId(issued.key));
  row.hash = HashKey(table.pepper(), issued.key);
  if (row.family.empty()) row.family = row.id;
  row.created_by = by;
  row.created_ns = now_ns;
  row.revoked_ns = 0;
  row.replaced_by.clear();
  issued.row = std::move(row);
  return issued;
}

}  // namespace

std::optional<Duration> ParseLifetime(std::string_view text) {
  std::int64_t n = 0;
  if (text.size() < 2) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size() - 1, n);
  if (error != std::errc() || end != text.data() + text.size() - 1 || n < 0 || n > 1'000'000'000)
    return std::nullopt;
  switch (text.back()) {
    case 's':
      return std::chrono::seconds(n);
    case 'm':
      return std::chrono::seconds(60 * n);
    case 'h':
      return std::chrono::seconds(3600 * std::min<std::int64_t>(n, 1'000'000));
    case 'd':
      return std::chrono::seconds(86400 * std::min<std::int64_t>(n, 40'000));
    default:
      return std::nullopt;
  }
}

Result<Issued> IssueKey(KeyTable& table, const Settings& settings, const KeyWish& wish, const std::string& by,
                        std::int64_t now_ns) {
  TRY_VOID(CheckWhose(settings, wish));
  KeyRow row;
  row.tenant = wish.tenant;
  row.name = wish.name;
  row.project = wish.project;
  row.user = wish.user;
  if (!wish.role.empty()) {
    const auto role = ParseRole(wish.role);
    if (!role) return Bad("role", "a role is one of viewer, auditor, operator, owner");
    row.role = *role;
  }
  TRY(row.scopes, ReadScopes(wish.scopes));
  if (wish.models.size() > 100) return Bad("models", "a key names at most 100 models");
  for (const auto& model : wish.models) {
    if (!IsName(model)) return Bad("models", "a model's name has 1 to 64 letters, digits or . _ : / @ + -");
  }
  row.models = wish.models;
  if (wish.allowance) {
    TRY_VOID(CheckAllowance(*wish.allowance));
  }
  row.allowance = wish.allowance;
  if (wish.lifetime) {
    if (*wish.lifetime <= Duration::zero() || *wish.lifetime > kMaxLifetime)
      return Bad("expires_in", "a key lives for more than nothing and at most ten years");
    row.expires_ns = now_ns + wish.lifetime->count();
  }
  Issued issued = Mint(table, std::move(row), by, now_ns);
  TRY_VOID(table.Insert(issued.row));
  return issued;
}

Result<Issued> RotateKey(KeyTable& table, const std::string& id, Duration overlap, const std::string& by,
                         std::int64_t now_ns) {
  if (overlap < Duration::zero() || overlap > kMaxLifetime)
    return Bad("overlap", "the overlap is between nothing and ten years");
  TRY(KeyRow old, table.Find(id));
  // Its lifetime begins anew.
  if (old.expires_ns != 0) old.expires_ns = now_ns + (old.expires_ns - old.created_ns);
  Issued issued = Mint(table, std::move(old), by, now_ns);
  TRY_VOID(table.Rotate(id, issued.row, now_ns + overlap.count(), now_ns));
  return issued;
}

std::string_view KeyState(const KeyRow& row, std::int64_t now_ns) {
  if (row.revoked_ns != 0) return "revoked";
  return row.expires_ns != 0 && row.expires_ns <= now_ns ? "expired" : "active";
}

std::string KeyJson(const KeyRow& row, std::int64_t now_ns, const std::string& key) {
  const auto seconds = [](std::int64_t ns) { return ns == 0 ? Json() : Json(ns / 1'000'000'000); };
  const auto text = [](const std::string& s) { return s.empty() ? Json() : Json(s); };
  Json j;
  j["id"] = row.id;
  j["object"] = "key";
  if (!key.empty()) j["key"] = key;
  j["prefix"] = std::string(kKeyPrefix) + row.id;
  j["state"] = KeyState(row, now_ns);
  j["tenant"] = row.tenant;
  j["name"] = text(row.name);
  j["project"] = text(row.project);
  j["user"] = text(row.user);
  j["role"] = RoleName(row.role);
  j["scopes"] = ScopeNames(row.scopes);
  j["models"] = row.models;
  j["budget"] = row.allowance ? BudgetsJson(*row.allowance) : Json();
  j["limits"] = row.allowance ? LimitsJson(row.allowance->limits) : Json();
  j["created"] = seconds(row.created_ns);
  j["created_by"] = row.created_by;
  j["expires"] = seconds(row.expires_ns);
  j["revoked"] = seconds(row.revoked_ns);
  j["replaced_by"] = text(row.replaced_by);
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace baton::access
