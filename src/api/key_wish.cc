#include "api/key_wish.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace baton::api {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxBody = 64 * 1024;

Error Bad(const char* field, std::string message) {
  return Fail(Code::kInvalidRequest, std::move(message), "bad_key_request", field);
}

Result<json> ReadObject(const std::string& text) {
  if (text.size() > kMaxBody) return Fail(Code::kTooLarge, "the body is at most 64 KB", "body_too_large");
  json body = text.empty() ? json::object() : json::parse(text, nullptr, false);
  if (!body.is_object()) return Fail(Code::kInvalidRequest, "send a JSON object", "bad_body");
  return body;
}

// The member as a text; absent or null: empty.
Status Take(const json& body, const char* key, std::string* to) {
  const auto at = body.find(key);
  if (at == body.end() || at->is_null()) return {};
  if (!at->is_string()) return Bad(key, fmt::format("\"{}\" must be a text", key));
  *to = at->get<std::string>();
  return {};
}

Status Take(const json& body, const char* key, std::vector<std::string>* to) {
  const auto at = body.find(key);
  if (at == body.end() || at->is_null()) return {};
  if (!at->is_array() || at->size() > 100)
    return Bad(key, fmt::format("\"{}\" must be a list of texts", key));
  for (const json& one : *at) {
    if (!one.is_string()) return Bad(key, fmt::format("\"{}\" must be a list of texts", key));
    to->push_back(one.get<std::string>());
  }
  return {};
}

Status Take(const json& body, const char* key, std::optional<std::int64_t>* to) {
  const auto at = body.find(key);
  if (at == body.end() || at->is_null()) return {};
  if (!at->is_number_integer()) return Bad(key, fmt::format("\"{}\" must be a whole number", key));
  *to = at->get<std::int64_t>();
  return {};
}

// Dollars: a number, or a text for those who keep their money exact. Negative only where it is a correction.
Result<std::optional<budget::Nanos>> TakeUsd(const json& body, bool negative) {
  const auto at = body.find("usd");
  if (at == body.end() || at->is_null()) return std::optional<budget::Nanos>();
  std::string text = at->is_string() ? at->get<std::string>() : at->is_number() ? at->dump() : "";
  const bool minus = negative && text.starts_with('-');
  const auto amount = budget::ParseUsd(minus ? std::string_view(text).substr(1) : std::string_view(text));
  if (!amount) return Bad("usd", "\"usd\" must be an amount in dollars, like 12.5");
  return std::optional(budget::Nanos{minus ? -amount->v : amount->v});
}

// A member that nobody reads would be a limit that does not hold.
Status OnlyKnown(const json& object, const char* field, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      return Bad(field, fmt::format("there is {} here, and nothing else", fmt::join(known, ", ")));
  }
  return {};
}

Result<budget::Budget> ReadBudget(const json& one) {
  if (!one.is_object()) return Bad("budget", R"(a budget is an object like {"usd": 5, "per": "day"})");
  TRY_VOID(OnlyKnown(one, "budget", {"usd", "tokens", "per"}));
  budget::Budget b;
  TRY(b.usd, TakeUsd(one, false));
  TRY_VOID(Take(one, "tokens", &b.tokens));
  std::string per;
  TRY_VOID(Take(one, "per", &per));
  const auto period = budget::ParsePeriod(per.empty() ? "month" : per);
  if (!period) return Bad("budget", "\"per\" is one of day, month, total");
  b.per = *period;
  return b;
}

Status ReadAllowance(const json& body, std::optional<access::Allowance>* to) {
  access::Allowance a;
  const auto budgets = body.find("budget"), limits = body.find("limits");
  const bool has_budget = budgets != body.end() && !budgets->is_null();
  const bool has_limits = limits != body.end() && !limits->is_null();
  if (has_budget) {
    const json list = budgets->is_array() ? *budgets : json::array({*budgets});
    if (list.size() > 3) return Bad("budget", "a key has at most three budgets, one per period");
    for (const json& one : list) {
      TRY(auto b, ReadBudget(one));
      for (const auto& other : a.budgets) {
        if (other.per == b.per)
          return Bad("budget", "there are two budgets per period; send one with both limits");
      }
      a.budgets.push_back(b);
    }
  }
  if (has_limits) {
    if (!limits->is_object()) return Bad("limits", R"(limits are an object like {"rpm": 60})");
    TRY_VOID(OnlyKnown(*limits, "limits", {"rpm", "tpm", "concurrent"}));
    TRY_VOID(Take(*limits, "rpm", &a.limits.rpm));
    TRY_VOID(Take(*limits, "tpm", &a.limits.tpm));
    TRY_VOID(Take(*limits, "concurrent", &a.limits.concurrent));
  }
  if (has_budget || has_limits) *to = std::move(a);
  return {};
}

Result<access::KeyWish> WishOf(const json& body) {
  TRY_VOID(OnlyKnown(
      body, "",
      {"tenant", "name", "project", "user", "role", "scopes", "models", "budget", "limits", "expires_in"}));
  access::KeyWish wish;
  TRY_VOID(Take(body, "tenant", &wish.tenant));
  TRY_VOID(Take(body, "name", &wish.name));
  TRY_VOID(Take(body, "project", &wish.project));
  TRY_VOID(Take(body, "user", &wish.user));
  TRY_VOID(Take(body, "role", &wish.role));
  TRY_VOID(Take(body, "scopes", &wish.scopes));
  TRY_VOID(Take(body, "models", &wish.models));
  TRY_VOID(ReadAllowance(body, &wish.allowance));
  std::string lifetime;
  TRY_VOID(Take(body, "expires_in", &lifetime));
  if (lifetime.empty()) return wish;
  wish.lifetime = access::ParseLifetime(lifetime);
  if (!wish.lifetime) return Bad("expires_in", "\"expires_in\" is a time like 12h or 90d");
  return wish;
}

}  // namespace

Result<access::KeyWish> ReadKeyWish(const std::string& text) {
  TRY(const json body, ReadObject(text));
  return WishOf(body);
}

Result<Duration> ReadOverlap(const std::string& text) {
  TRY(const json body, ReadObject(text));
  TRY_VOID(OnlyKnown(body, "", {"overlap"}));
  std::string overlap;
  TRY_VOID(Take(body, "overlap", &overlap));
  const auto how_long = access::ParseLifetime(overlap.empty() ? "24h" : overlap);
  if (!how_long) return Bad("overlap", "\"overlap\" is a time like 30m or 24h");
  return *how_long;
}

Result<Correction> ReadCorrection(const std::string& text) {
  TRY(const json body, ReadObject(text));
  TRY_VOID(OnlyKnown(body, "", {"account", "usd", "tokens"}));
  Correction correction;
  TRY_VOID(Take(body, "account", &correction.account));
  std::optional<std::int64_t> tokens;
  TRY_VOID(Take(body, "tokens", &tokens));
  TRY(const auto usd, TakeUsd(body, true));
  correction.change = {usd.value_or(budget::Nanos{}), tokens.value_or(0)};
  return correction;
}

}  // namespace baton::api
