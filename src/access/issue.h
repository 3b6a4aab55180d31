// Making, rotating and describing keys: the one way for the command line and /admin.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/key_table.h"
#include "access/settings.h"

namespace baton::access {

// What somebody asks of a new key; texts as they came.
struct KeyWish {
  std::string tenant, name, project, user;
  std::string role;                         // empty: none
  std::vector<std::string> scopes, models;  // empty: all
  std::optional<Allowance> allowance;       // unset: the tenant's each_key
  std::optional<Duration> lifetime;         // unset: for ever
};

struct Issued {
  KeyRow row;
  std::string key;  // the only time that anybody sees it
};

// "90s", "15m", "12h", "30d"; nullopt for anything else.
std::optional<Duration> ParseLifetime(std::string_view text);
inline constexpr Duration kMaxLifetime = std::chrono::hours(24 * 3653);

// kInvalidRequest naming the field that is wrong (unknown tenant or project, a name with characters that no
// name has, an unknown scope, a budget without a limit, a lifetime beyond ten years); errors of the store.
Result<Issued> IssueKey(KeyTable& table, const Settings& settings, const KeyWish& wish, const std::string& by,
                        std::int64_t now_ns);
// A new key with everything the old one had, its balance included; the old one works for `overlap` longer.
Result<Issued> RotateKey(KeyTable& table, const std::string& id, Duration overlap, const std::string& by,
                         std::int64_t now_ns);

// "active", "expired", "revoked".
std::string_view KeyState(const KeyRow& row, std::int64_t now_ns);
// JSON text for lists, without the hash. `key`: shown once, when it was made.
std::string KeyJson(const KeyRow& row, std::int64_t now_ns, const std::string& key = {});

}  // namespace baton::access
