// The desk's tables in the store: create, check, migrate. Versioned apart from the recorder's, so that either
// can change without the other.
#pragma once

#include <span>
#include <string_view>

#include "store/database.h"

namespace baton::human {

inline constexpr int kSchemaVersion = 1;

// Takes the tables from version `from` to `from + 1`.
struct Migration {
  int from;
  std::string_view sql;
};

// Brings `db` to kSchemaVersion, each step in a transaction of its own. "store_newer" when a newer Baton
// wrote them; they are left as they are.
Status PrepareSchema(store::Database& db);

// For tests of the mechanism: the same with other migrations and target version.
Status MigrateSchema(store::Database& db, int from, int to, std::span<const Migration> migrations);

}  // namespace baton::human
