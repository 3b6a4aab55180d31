#include "record/schema.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::record {
namespace {

// Version 1. Columns of repeated text have no type: they hold the number of a word, or the text itself where
// it did not earn a number (table.h). SQLite keeps 0 and 1 in no byte and small integers in one or two, so a
// column that is seldom used costs one byte per row.
constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE progress(one INTEGER PRIMARY KEY CHECK(one = 1), journal INTEGER NOT NULL, seq INTEGER NOT NULL,
  row_count INTEGER NOT NULL);
CREATE TABLE words(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE exchanges(
  id INTEGER PRIMARY KEY,
  request_id TEXT, tenant, endpoint, model, route, workflow, policy, reason, propensity REAL,
  worker, data_classes, rails_reasons, features TEXT, task, losses, outcome,
  http_status INTEGER, stream INTEGER, finish,
  input_tokens INTEGER, cached_tokens INTEGER, output_tokens INTEGER, reasoning_tokens INTEGER,
  cost_nanos INTEGER, unpriced INTEGER, duration_us INTEGER, overhead_us INTEGER, first_byte_us INTEGER,
  prompt_digest TEXT, calls_cut INTEGER);
CREATE TABLE calls(
  exchange INTEGER, seq INTEGER,
  worker, provider_model, outcome, fault, why, start_unix_ns INTEGER,
  queued_us INTEGER, first_byte_us INTEGER, whole_us INTEGER,
  input_tokens INTEGER, cached_input_tokens INTEGER, cache_write_tokens INTEGER, cache_write_1h_tokens INTEGER,
  output_tokens INTEGER, reasoning_tokens INTEGER, audio_input_tokens INTEGER, audio_output_tokens INTEGER,
  usage_known INTEGER, cost_nanos INTEGER, priced INTEGER, usage_estimated INTEGER, winner INTEGER,
  upstream_status INTEGER,
  PRIMARY KEY(exchange, seq)) WITHOUT ROWID;
CREATE TABLE steps(exchange INTEGER, seq INTEGER, name, role, calls INTEGER,
  PRIMARY KEY(exchange, seq)) WITHOUT ROWID;
INSERT INTO progress VALUES(1, 0, 0, 0);
INSERT INTO meta VALUES('schema', 1);
)sql";

// What a workflow's steps came to. NULL in rows written before.
constexpr std::string_view kToVersion2 = R"sql(
ALTER TABLE exchanges ADD COLUMN degraded;
ALTER TABLE exchanges ADD COLUMN notes;
ALTER TABLE steps ADD COLUMN status;
ALTER TABLE steps ADD COLUMN verdict;
ALTER TABLE steps ADD COLUMN note;
ALTER TABLE steps ADD COLUMN sees;
ALTER TABLE steps ADD COLUMN confidence INTEGER;
)sql";

// The audit chain and what it covers beside exchanges (docs/audit.md). Rows of events, feedback and contents
// have the number of their link as key.
constexpr std::string_view kToVersion3 = R"sql(
ALTER TABLE exchanges ADD COLUMN contract;
ALTER TABLE exchanges ADD COLUMN key_name;
ALTER TABLE exchanges ADD COLUMN user_name;
ALTER TABLE exchanges ADD COLUMN config;
CREATE TABLE audit_chain(seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, ref INTEGER NOT NULL,
  digest BLOB NOT NULL, hash BLOB NOT NULL);
CREATE TABLE audit_checkpoints(seq INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, hash BLOB NOT NULL,
  key INTEGER NOT NULL, signature BLOB NOT NULL);
CREATE TABLE audit_keys(id INTEGER PRIMARY KEY, public BLOB NOT NULL UNIQUE);
CREATE TABLE audit_events(seq INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, actor TEXT NOT NULL,
  action TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL);
CREATE TABLE feedback(seq INTEGER PRIMARY KEY, exchange INTEGER NOT NULL, name TEXT NOT NULL,
  tenant TEXT NOT NULL, said_by TEXT NOT NULL, source TEXT NOT NULL, label TEXT NOT NULL,
  score_millionths INTEGER NOT NULL, at_ns INTEGER NOT NULL, UNIQUE(exchange, name));
CREATE TABLE contents(seq INTEGER PRIMARY KEY, exchange INTEGER NOT NULL, tenant TEXT NOT NULL,
  form INTEGER NOT NULL, data BLOB);
CREATE INDEX contents_by_exchange ON contents(exchange);
INSERT INTO meta VALUES('audit_store', 0);
)sql";

// For people with a SQL shell: the same rows with the words written out.
std::string View(std::string_view name, std::string_view table, std::span<const std::string_view> plain,
                 std::span<const std::string_view> words) {
  std::string columns;
  for (auto c : plain) columns += fmt::format("{}{}", columns.empty() ? "" : ", ", c);
  for (auto c : words) {
    columns += fmt::format(", COALESCE((SELECT text FROM words WHERE words.id = {0}.{1}), {0}.{1}) AS {1}",
                           table, c);
  }
  return fmt::format("CREATE VIEW {} AS SELECT {} FROM {};", name, columns, table);
}

std::string Views() {
  constexpr std::string_view kPlain[] = {"id",           "request_id",    "http_status",  "stream",
                                         "input_tokens", "output_tokens", "cost_nanos",   "unpriced",
                                         "duration_us",  "overhead_us",   "first_byte_us"};
  constexpr std::string_view kWords[] = {"tenant", "endpoint", "model",        "route",   "reason",
                                         "worker", "task",     "data_classes", "outcome", "finish"};
  constexpr std::string_view kCallPlain[] = {
      "exchange",      "seq",        "start_unix_ns", "whole_us", "input_tokens",
      "output_tokens", "cost_nanos", "priced",        "winner",   "upstream_status"};
  constexpr std::string_view kCallWords[] = {"worker", "provider_model", "outcome", "fault", "why"};
  return View("exchange_log", "exchanges", kPlain, kWords) +
         View("call_log", "calls", kCallPlain, kCallWords);
}

Result<int> ReadVersion(store::Database& db) {
  TRY(auto select, db.Prepare("SELECT value FROM meta WHERE key = 'schema'"));
  TRY(const bool row, select->Step());
  if (!row)
    return Fail(Code::kConflict, "the store names no schema version; restore a copy of it", "store_corrupt");
  return static_cast<int>(select->Int(0));
}

Status CreateSchema(store::Database& db) {
  TRY(auto tx, store::Transaction::Begin(db));
  TRY_VOID(db.Exec(kVersion1));
  TRY_VOID(db.Exec(Views()));
  return tx.Commit();
}

}  // namespace

std::span<const Migration> Migrations() {
  static constexpr Migration kMigrations[] = {{1, kToVersion2}, {2, kToVersion3}};
  return kMigrations;
}

Status MigrateSchema(store::Database& db, int from, int to, std::span<const Migration> migrations) {
  for (int version = from; version < to; ++version) {
    auto step =
        std::find_if(migrations.begin(), migrations.end(), [&](auto& m) { return m.from == version; });
    if (step == migrations.end()) {
      return Fail(Code::kConflict,
                  fmt::format("this Baton cannot read stores of version {}; use a version of Baton "
                              "between that store's and this one first",
                              version),
                  "store_older");
    }
    TRY(auto tx, store::Transaction::Begin(db));
    TRY_VOID(db.Exec(step->sql));
    TRY_VOID(db.Exec(fmt::format("UPDATE meta SET value = {} WHERE key = 'schema'", version + 1)));
    TRY_VOID(tx.Commit());
  }
  return {};
}

Status PrepareSchema(store::Database& db, bool read_only) {
  TRY(const auto tables, db.Tables());
  // Keys may be made, and lie in the file, before the first exchange is recorded.
  const bool ours_only = std::all_of(tables.begin(), tables.end(),
                                     [](const std::string& name) { return name.starts_with("access_"); });
  if (ours_only && !read_only) {
    TRY_VOID(CreateSchema(db));
  } else if (std::find(tables.begin(), tables.end(), "exchanges") == tables.end()) {
    return Fail(Code::kConflict,
                "the file is a database, but not a store of Baton; name another file in `store: sqlite:PATH`",
                "store_foreign");
  }
  TRY(const int version, ReadVersion(db));
  if (version > kSchemaVersion) {
    return Fail(
        Code::kConflict,
        fmt::format(
            "the store was written by a newer Baton (schema {}, this one knows {}); use that version, "
            "or another `store:`",
            version, kSchemaVersion),
        "store_newer");
  }
  if (version < kSchemaVersion && read_only) {
    return Fail(
        Code::kConflict,
        fmt::format("the store was written by an older Baton (schema {}); start `baton serve` on it once",
                    version),
        "store_older");
  }
  return MigrateSchema(db, version, kSchemaVersion, Migrations());
}

}  // namespace baton::record
