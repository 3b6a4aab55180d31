// SQLite as a calculator for strangers. Three fences: an authorizer that knows four actions (select, read,
// function, recursive), a progress handler that ends what works too long ("WITH RECURSIVE" never ends by
// itself), and SQLite's own limits on lengths.
#include "exact/sql_engine.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace baton::exact {
namespace {

constexpr int kStepsPerLook = 1000;  // virtual machine instructions
constexpr int kLooks = 2000;
constexpr int kMostBytes = 64 * 1024;  // of any text or blob, and of a statement

int Authorize(void*, int action, const char* first, const char* second, const char*, const char*) {
  if (action == SQLITE_FUNCTION && second && std::string_view(second) == "load_extension") return SQLITE_DENY;
  // Full-text search asks itself whether its index has changed.
  if (action == SQLITE_PRAGMA && first && std::string_view(first) == "data_version" && !second)
    return SQLITE_OK;
  const bool reads = action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION ||
                     action == SQLITE_RECURSIVE;
  return reads ? SQLITE_OK : SQLITE_DENY;
}

int Look(void* left) {
  return --*static_cast<int*>(left) < 0;
}

struct Finalize {
  void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

Result<Prepared> Prepare(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK || !raw)
    return Fail(Code::kInvalidRequest,
                raw || sqlite3_errcode(db) != SQLITE_OK ? sqlite3_errmsg(db) : "no statement", "bad_query");
  return Prepared(raw);
}

void BindText(sqlite3_stmt* s, int at, const std::string& text) {
  sqlite3_bind_text(s, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

std::string Cell(sqlite3_stmt* s, int column) {
  if (sqlite3_column_type(s, column) == SQLITE_FLOAT)
    return fmt::format("{:.10g}", sqlite3_column_double(s, column));
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, column));
  return text ? std::string(text) : std::string("null");
}

}  // namespace

Result<std::unique_ptr<SqlEngine>> SqlEngine::Create() {
  sqlite3* db = nullptr;
  if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK) {
    sqlite3_close(db);
    return Fail(Code::kInternal, "SQLite could not open a database in memory", "no_memory");
  }
  return std::unique_ptr<SqlEngine>(new SqlEngine(db));
}

SqlEngine::~SqlEngine() {
  sqlite3_close(db_);
}

Status SqlEngine::Exec(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return Fail(Code::kInternal, sqlite3_errmsg(db_), "sql");
}

Status SqlEngine::Insert(const std::string& sql, const std::vector<std::string>& cells) {
  TRY(Prepared s, Prepare(db_, sql));
  for (std::size_t i = 0; i < cells.size(); ++i) BindText(s.get(), static_cast<int>(i) + 1, cells[i]);
  if (sqlite3_step(s.get()) == SQLITE_DONE) return {};
  return Fail(Code::kInternal, sqlite3_errmsg(db_), "sql");
}

void SqlEngine::Lock() {
  sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, kMostBytes);
  sqlite3_limit(db_, SQLITE_LIMIT_SQL_LENGTH, kMostBytes);
  sqlite3_limit(db_, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(db_, SQLITE_LIMIT_EXPR_DEPTH, 100);
  sqlite3_set_authorizer(db_, Authorize, nullptr);
}

Result<std::vector<std::string>> SqlEngine::Query(const std::string& sql, int rows,
                                                  const std::string* parameter) {
  TRY(Prepared s, Prepare(db_, sql));
  if (parameter) BindText(s.get(), 1, *parameter);
  int left = kLooks;
  sqlite3_progress_handler(db_, kStepsPerLook, Look, &left);
  std::vector<std::string> out;
  int status = SQLITE_ROW;
  while (static_cast<int>(out.size()) < rows && (status = sqlite3_step(s.get())) == SQLITE_ROW) {
    std::string row;
    for (int c = 0; c < sqlite3_column_count(s.get()); ++c) row += (c > 0 ? ", " : "") + Cell(s.get(), c);
    out.push_back(std::move(row));
  }
  sqlite3_progress_handler(db_, 0, nullptr, nullptr);
  if (status == SQLITE_ROW || status == SQLITE_DONE) return out;
  return Fail(Code::kInvalidRequest, left < 0 ? "the query works too long" : sqlite3_errmsg(db_),
              "bad_query");
}

}  // namespace baton::exact
