// SQLite behind the store's contract.
//
// Journal mode and flushing. WAL, because readers (`baton log`, the API) must never stop the writer nor the
// writer them. synchronous=NORMAL, not FULL: FULL adds one fsync per commit (0.1 to 20 ms, by disk) and
// protects against power loss only. A killed process loses nothing under either, since what write(2) took is
// the kernel's. And the few milliseconds of records in front of a commit stand in a memory-mapped journal
// (record/journal.h) that is not fsynced either, so FULL would buy a promise the whole chain does not make.
// After a power cut the store is intact and may lack the last seconds.
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store/database.h"

namespace baton::store {
namespace {

Error FromSqlite(int rc, sqlite3* db, std::string_view doing) {
  const char* detail = db ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
  auto fail = [&](Code code, const char* reason, std::string_view advice) {
    return Fail(code, fmt::format("{}: {}{}", doing, detail, advice), reason);
  };
  switch (rc & 0xff) {
    case SQLITE_FULL:
      return fail(Code::kUnavailable, "disk_full", "; make room on the disk of the store");
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return fail(Code::kUnavailable, "store_read_only", "; make the store and its folder writable");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail(Code::kInternal, "store_corrupt", "; move the store file away or restore a copy of it");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(Code::kUnavailable, "store_busy", "; another program holds the store's lock");
    case SQLITE_CANTOPEN:
      return fail(Code::kUnavailable, "store_cannot_open",
                  "; check that the folder exists and may be written");
    case SQLITE_IOERR:
      return fail(Code::kUnavailable, "store_io", "; check the disk of the store");
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return fail(Code::kInvalidRequest, "store_rejected", "");
    default:
      return fail(Code::kInternal, "store_error", "");
  }
}

Status Before(Faults* faults, Faults::Op op, std::string_view sql) {
  return faults ? faults->Before(op, sql) : Status();
}
Status After(Faults* faults, Faults::Op op, std::string_view sql) {
  return faults ? faults->After(op, sql) : Status();
}

class SqliteStatement : public Statement {
 public:
  SqliteStatement(sqlite3_stmt* s, Faults* faults) : s_(s), faults_(faults) {}
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;
  ~SqliteStatement() override { sqlite3_finalize(s_); }

  void BindInt(int p, std::int64_t v) override { Note(sqlite3_bind_int64(s_, p, v)); }
  void BindReal(int p, double v) override { Note(sqlite3_bind_double(s_, p, v)); }
  void BindText(int p, std::string_view v) override {
    // A null pointer would bind NULL, and an empty view may hold one.
    Note(sqlite3_bind_text64(s_, p, v.empty() ? "" : v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  void BindBlob(int p, std::string_view v) override {
    Note(sqlite3_bind_blob64(s_, p, v.empty() ? "" : v.data(), v.size(), SQLITE_STATIC));
  }
  void BindNull(int p) override { Note(sqlite3_bind_null(s_, p)); }

  Result<bool> Step() override {
    if (faults_) TRY_VOID(faults_->Before(Faults::Op::kStep, sqlite3_sql(s_)));
    const int bind = std::exchange(bind_rc_, SQLITE_OK);
    const int rc = bind != SQLITE_OK ? bind : sqlite3_step(s_);
    if (rc == SQLITE_ROW) return true;
    if (rc != SQLITE_DONE)
      return FromSqlite(rc, sqlite3_db_handle(s_), "the store cannot execute a statement");
    if (faults_) TRY_VOID(faults_->After(Faults::Op::kStep, sqlite3_sql(s_)));
    return false;
  }

  Status Run() override {
    for (;;) {
      auto row = Step();
      if (row && *row) continue;
      sqlite3_reset(s_);
      if (!row) return std::move(row).error();
      return {};
    }
  }
  void Reset() override { sqlite3_reset(s_); }

  std::int64_t Int(int c) const override { return sqlite3_column_int64(s_, c); }
  double Real(int c) const override { return sqlite3_column_double(s_, c); }
  std::string_view Text(int c) const override {
    const auto* text = sqlite3_column_text(s_, c);
    if (!text) return {};
    return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(s_, c))};
  }
  std::string_view Blob(int c) const override {
    const auto* bytes = sqlite3_column_blob(s_, c);
    if (!bytes) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(s_, c))};
  }
  bool IsNull(int c) const override { return sqlite3_column_type(s_, c) == SQLITE_NULL; }
  bool IsText(int c) const override { return sqlite3_column_type(s_, c) == SQLITE_TEXT; }

 private:
  void Note(int rc) {
    if (rc != SQLITE_OK && bind_rc_ == SQLITE_OK) bind_rc_ = rc;
  }
  sqlite3_stmt* s_;
  Faults* faults_;
  int bind_rc_ = SQLITE_OK;
};

class SqliteDatabase : public Database {
 public:
  SqliteDatabase(sqlite3* db, Faults* faults) : db_(db), faults_(faults) {}
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;
  ~SqliteDatabase() override { sqlite3_close_v2(db_); }

  Status Exec(std::string_view sql) override {
    TRY_VOID(Before(faults_, Faults::Op::kExec, sql));
    const int rc = sqlite3_exec(db_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
    if (rc != SQLITE_OK) return FromSqlite(rc, db_, "the store cannot execute a statement");
    return After(faults_, Faults::Op::kExec, sql);
  }

  Result<std::unique_ptr<Statement>> Prepare(std::string_view sql) override {
    TRY_VOID(Before(faults_, Faults::Op::kPrepare, sql));
    sqlite3_stmt* s = nullptr;
    const int rc = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &s, nullptr);
    if (rc != SQLITE_OK) return FromSqlite(rc, db_, "the store cannot prepare a statement");
    return std::unique_ptr<Statement>(std::make_unique<SqliteStatement>(s, faults_));
  }

  std::int64_t Changes() const override { return sqlite3_changes64(db_); }
  Result<std::vector<std::string>> Tables() override {
    TRY(auto select,
        Prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"));
    std::vector<std::string> names;
    for (;;) {
      TRY(const bool row, select->Step());
      if (!row) return names;
      names.emplace_back(select->Text(0));
    }
  }
  Status Shrink(int pages) override { return Exec(fmt::format("PRAGMA incremental_vacuum({})", pages)); }

 private:
  sqlite3* db_;
  Faults* faults_;
};

constexpr std::string_view kMemory = ":memory:";

// A named in-memory database of this process: the memdb VFS shares it between connections, each with its own
// locks, as a file would, and without the table locks of SQLite's older shared-cache mode.
std::string Uri(const OpenOptions& options, bool immutable) {
  const std::string_view path = options.path;
  if (path.starts_with(kMemory)) return fmt::format("file:/{}?vfs=memdb", path.substr(kMemory.size()));
  std::string uri = "file:";
  for (char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return uri + (immutable ? "?immutable=1" : "");
}

Result<std::int64_t> ReadNumber(Database& db, std::string_view sql) {
  TRY(auto select, db.Prepare(sql));
  TRY(const bool row, select->Step());
  return row ? select->Int(0) : 0;
}

// Looks before it touches: even switching another program's database to WAL would be a change.
Status Setup(Database& db, const OpenOptions& options) {
  TRY(const auto tables, ReadNumber(db, "SELECT COUNT(*) FROM sqlite_master"));
  TRY(const auto mark, ReadNumber(db, "PRAGMA application_id"));
  if (tables > 0 && mark != options.mark) {
    return Fail(Code::kConflict, "it is a database of another program; name another file", "store_foreign");
  }
  if (options.mode == Mode::kReadOnly) return db.Exec("PRAGMA query_only=1");
  if (tables == 0) {
    // auto_vacuum counts only before the first table.
    TRY_VOID(db.Exec(fmt::format("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA application_id={}", options.mark)));
  }
  // The WAL is cut back to 16 MiB after a checkpoint.
  return db.Exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=16777216");
}

Result<std::unique_ptr<Database>> OpenUri(const OpenOptions& options, bool immutable) {
  const bool writable = options.mode == Mode::kCreate;
  const int access = writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* raw = nullptr;
  const int rc =
      sqlite3_open_v2(Uri(options, immutable).c_str(), &raw,
                      access | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, nullptr);
  auto db = std::make_unique<SqliteDatabase>(raw, options.faults);
  const std::string doing = fmt::format("cannot open the store {}", options.path);
  if (rc != SQLITE_OK) return FromSqlite(rc, raw, doing);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, static_cast<int>(options.busy / std::chrono::milliseconds(1)));
  auto ready = Setup(*db, options);
  if (!ready) {
    Error e = std::move(ready).error();
    e.message = doing + ": " + e.message;
    return e;
  }
  return std::unique_ptr<Database>(std::move(db));
}

bool Exists(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0;
}

}  // namespace

bool IsRejected(const Error& error) {
  return error.reason == "store_rejected";
}

Result<Transaction> Transaction::Begin(Database& db) {
  // IMMEDIATE: a lock conflict shows here, before any work, and not in the middle.
  TRY_VOID(db.Exec("BEGIN IMMEDIATE"));
  return Transaction(&db);
}

Transaction::~Transaction() {
  // Fails only where SQLite has rolled back already (disk full, I/O error): the same outcome.
  if (db_) (void)db_->Exec("ROLLBACK");
}

Status Transaction::Commit() {
  TRY_VOID(db_->Exec("COMMIT"));
  db_ = nullptr;
  return {};
}

Result<std::unique_ptr<Database>> OpenSqlite(const OpenOptions& options) {
  // SQLite's count of its memory would take a process-wide lock on every allocation. Refused, without harm,
  // where SQLite is in use already.
  static const int kNoMemoryCount = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)kNoMemoryCount;
  TRY_VOID(Before(options.faults, Faults::Op::kOpen, options.path));
  const bool file = !std::string_view(options.path).starts_with(kMemory);
  if (file && options.mode == Mode::kReadOnly && !Exists(options.path)) {
    return Fail(Code::kNotFound,
                fmt::format("there is no store at {}; name the file that `baton serve` writes", options.path),
                "store_not_found");
  }
  auto db = OpenUri(options, false);
  // Beside a cleanly closed store in a folder we may not write, SQLite cannot make its shared-memory file.
  // Nobody writes then, so the file may be read as it lies.
  if (!db && file && options.mode == Mode::kReadOnly && !Exists(options.path + "-wal")) {
    db = OpenUri(options, true);
  }
  if (!db) return std::move(db).error();
  TRY_VOID(After(options.faults, Faults::Op::kOpen, options.path));
  return db;
}

}  // namespace baton::store
