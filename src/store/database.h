// The one contract between Baton and a SQL engine: connections, statements, transactions, errors as values.
//
// SQLite stands behind it (sqlite.cc); PostgreSQL is to come behind the same contract, so callers keep to
// what both understand: $1-style parameters numbered in order of first use, ON CONFLICT clauses, no engine's
// own function names. What differs (schema text, pragmas) is asked for by name and lives in the engine's
// file.
//
// Threads: a Database and its Statements belong to one thread at a time. Lifetime: statements and
// transactions must not outlive their Database.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace baton::store {

// Errors of this folder. `reason` is one of:
//   disk_full, store_read_only, store_corrupt, store_busy, store_cannot_open, store_io: the medium; the same
//     call may succeed later, nothing of an open transaction is kept;
//   store_rejected: this row can never be stored (constraint, too big, wrong type): drop it, go on;
//   store_foreign, store_not_found: the wrong file was named;
//   store_error: a bug in the SQL or in the engine.
bool IsRejected(const Error& error);

// Lets a test decide which operation fails. An error from Before() replaces the operation, which is not run;
// an error from After() hides that it succeeded (a commit whose answer got lost).
class Faults {
 public:
  enum class Op { kOpen, kExec, kPrepare, kStep };
  virtual ~Faults() = default;
  virtual Status Before(Op op, std::string_view sql) = 0;
  virtual Status After(Op op, std::string_view sql) = 0;
};

// A prepared statement. Bound text is not copied: it must stay unchanged until the next Reset() or Run().
class Statement {
 public:
  virtual ~Statement() = default;
  // Parameters count from 1. What is not bound is NULL. A failed bind shows in the next Step() or Run().
  virtual void BindInt(int parameter, std::int64_t value) = 0;
  virtual void BindReal(int parameter, double value) = 0;
  virtual void BindText(int parameter, std::string_view value) = 0;
  // Not copied either.
  virtual void BindBlob(int parameter, std::string_view bytes) = 0;
  virtual void BindNull(int parameter) = 0;
  // True: a row is there; false: the end.
  virtual Result<bool> Step() = 0;
  // Executes to the end and resets. Bindings stay.
  virtual Status Run() = 0;
  virtual void Reset() = 0;

  // Columns of the present row count from 0. Text lives until the next Step() or Reset().
  virtual std::int64_t Int(int column) const = 0;
  virtual double Real(int column) const = 0;
  virtual std::string_view Text(int column) const = 0;
  virtual std::string_view Blob(int column) const = 0;  // lives as long as a text
  virtual bool IsText(int column) const = 0;
  virtual bool IsNull(int column) const = 0;
};

class Database {
 public:
  virtual ~Database() = default;
  // Runs any number of statements that give no rows.
  virtual Status Exec(std::string_view sql) = 0;
  virtual Result<std::unique_ptr<Statement>> Prepare(std::string_view sql) = 0;
  // Rows changed by the last INSERT, UPDATE or DELETE.
  virtual std::int64_t Changes() const = 0;
  // Names of the tables, views left out.
  virtual Result<std::vector<std::string>> Tables() = 0;
  // Gives free pages back to the file system, at most about `pages` of them.
  virtual Status Shrink(int pages) = 0;
};

// Rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& db);
  Transaction(Transaction&& o) noexcept : db_(std::exchange(o.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  // After an error nothing was kept, unless the error is that the answer got lost.
  Status Commit();

 private:
  explicit Transaction(Database* db) : db_(db) {}
  Database* db_;
};

enum class Mode { kCreate, kReadOnly };

struct OpenOptions {
  std::string path;  // a file, or ":memory:NAME" shared by all connections of this process that use that NAME
  Mode mode = Mode::kCreate;
  // Marks the file as ours when it is created. One that holds tables and bears another mark is refused before
  // anything in it is touched ("store_foreign").
  std::int32_t mark = 0;
  Duration busy = std::chrono::milliseconds(500);  // how long to wait for another process's lock
  Faults* faults = nullptr;                        // must outlive the connection
};

// Opens (kCreate: creates) a SQLite file in WAL mode with synchronous=NORMAL; see sqlite.cc for why.
Result<std::unique_ptr<Database>> OpenSqlite(const OpenOptions& options);

}  // namespace baton::store
