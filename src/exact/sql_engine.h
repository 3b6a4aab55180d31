// Tables in memory that strangers may query: nothing but SELECT, a bounded amount of work, a bounded answer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sqlite3;

namespace baton::exact {

class SqlEngine {
 public:
  static Result<std::unique_ptr<SqlEngine>> Create();
  ~SqlEngine();
  SqlEngine(const SqlEngine&) = delete;
  SqlEngine& operator=(const SqlEngine&) = delete;

  // Before Lock(): fills the tables. kInternal with SQLite's words.
  Status Exec(const std::string& sql);
  Status Insert(const std::string& sql, const std::vector<std::string>& cells);
  // From now on only reading statements run.
  void Lock();

  // One statement's rows, cells joined by ", ", at most `rows` of them. kInvalidRequest: it is no query, or
  // it works too long (about a fifth of a second). One parameter, $1, may be bound to text.
  Result<std::vector<std::string>> Query(const std::string& sql, int rows,
                                         const std::string* parameter = nullptr);

 private:
  explicit SqlEngine(sqlite3* db) : db_(db) {}
  sqlite3* db_;
};

}  // namespace baton::exact
