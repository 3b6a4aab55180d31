// The store's tables: create, check, migrate. docs/format/provenance.md is the description for people.
#pragma once

#include <span>
#include <string_view>

#include "store/database.h"

namespace baton::record {

inline constexpr int kSchemaVersion = 3;

// Takes a store from version `from` to `from + 1`.
struct Migration {
  int from;
  std::string_view sql;
};
// In order, one per version below kSchemaVersion.
std::span<const Migration> Migrations();

// Brings `db` to kSchemaVersion, each step in a transaction of its own. Refused, and left as it is: a store
// of a newer Baton ("store_newer") and a database of another program ("store_foreign"). With `read_only` an
// older store is refused as well ("store_older").
Status PrepareSchema(store::Database& db, bool read_only = false);

// For tests of the mechanism: the same with other migrations and target version.
Status MigrateSchema(store::Database& db, int from, int to, std::span<const Migration> migrations);

}  // namespace baton::record
