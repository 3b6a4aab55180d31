#include "human/schema.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::human {
namespace {

// Version 1. Two partial indexes: the open cases are few and looked for often, and those of the ended ones
// whose content must still go are looked for by age.
constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE human_meta(key TEXT PRIMARY KEY, value);
CREATE TABLE human_cases(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  state INTEGER NOT NULL,
  exchange INTEGER NOT NULL,
  tenant TEXT NOT NULL, model TEXT NOT NULL, reason TEXT NOT NULL,
  route TEXT NOT NULL, workflow TEXT NOT NULL, step TEXT NOT NULL, data_classes TEXT NOT NULL,
  created_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL, resolved_ns INTEGER NOT NULL DEFAULT 0,
  claimed_by TEXT NOT NULL DEFAULT '', resolved_by TEXT NOT NULL DEFAULT '',
  content_deleted INTEGER NOT NULL DEFAULT 0,
  transcript TEXT NOT NULL, draft TEXT NOT NULL, resolution TEXT NOT NULL DEFAULT '');
CREATE INDEX human_open ON human_cases(expires_ns) WHERE state < 2;
CREATE INDEX human_kept ON human_cases(resolved_ns) WHERE state >= 2 AND content_deleted = 0;
INSERT INTO human_meta VALUES('schema', 1);
)sql";

Result<int> ReadVersion(store::Database& db) {
  TRY(auto select, db.Prepare("SELECT value FROM human_meta WHERE key = 'schema'"));
  TRY(const bool row, select->Step());
  if (!row)
    return Fail(Code::kConflict, "the store names no version of its review queue; restore a copy of it",
                "store_corrupt");
  return static_cast<int>(select->Int(0));
}

Status CreateSchema(store::Database& db) {
  TRY(auto tx, store::Transaction::Begin(db));
  TRY_VOID(db.Exec(kVersion1));
  return tx.Commit();
}

}  // namespace

Status MigrateSchema(store::Database& db, int from, int to, std::span<const Migration> migrations) {
  for (int version = from; version < to; ++version) {
    const auto step =
        std::find_if(migrations.begin(), migrations.end(), [&](auto& m) { return m.from == version; });
    if (step == migrations.end()) {
      return Fail(Code::kConflict,
                  fmt::format("this Baton cannot read a review queue of version {}; use a version of Baton "
                              "between that store's and this one first",
                              version),
                  "store_older");
    }
    TRY(auto tx, store::Transaction::Begin(db));
    TRY_VOID(db.Exec(step->sql));
    TRY_VOID(db.Exec(fmt::format("UPDATE human_meta SET value = {} WHERE key = 'schema'", version + 1)));
    TRY_VOID(tx.Commit());
  }
  return {};
}

Status PrepareSchema(store::Database& db) {
  TRY(const auto tables, db.Tables());
  if (std::find(tables.begin(), tables.end(), "human_cases") == tables.end()) TRY_VOID(CreateSchema(db));
  TRY(const int version, ReadVersion(db));
  if (version > kSchemaVersion) {
    return Fail(
        Code::kConflict,
        fmt::format("the store's review queue was written by a newer Baton (version {}, this one knows "
                    "{}); use that version, or another `store:`",
                    version, kSchemaVersion),
        "store_newer");
  }
  return MigrateSchema(db, version, kSchemaVersion, {});
}

}  // namespace baton::human
