// The desk's rows: SQL in, cases out. Belongs to one thread; all calls take well below a millisecond in
// health.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "human/case.h"
#include "human/desk.h"
#include "store/database.h"

namespace baton::human {

// A change of state that somebody asks for.
struct Change {
  std::string id;
  State to = State::kClaimed;  // kWaiting: a claim given back
  std::string by;              // who asks; empty only for kCancelled
  std::string text;            // of an answer or a rejection
  bool force = false;
  std::int64_t now_unix_ns = 0;
};

// What the change means for a case as it stands: an error says why it may not happen (see Desk for the
// names), false that the case is so already.
Result<bool> MayChange(const Case& now, const Change& change);

class Table {
 public:
  // Prepares the schema.
  static Result<std::unique_ptr<Table>> Open(std::unique_ptr<store::Database> db);

  Status Insert(const Case& work);
  Result<Case> Find(const std::string& id);  // kNotFound "case_not_found"
  Result<std::vector<Case>> List(const Filter& filter);
  struct Changed {
    Case row;  // as it stands now
    bool changed = false;
  };
  Result<Changed> Apply(const Change& change);

  Result<std::int64_t> CountOpen();
  // When the next open case expires, unix nanoseconds; 0: there is none.
  Result<std::int64_t> NextExpiry();
  // At most `limit` rows each. Expire gives the cases that ended by it.
  Result<std::vector<Case>> Expire(std::int64_t now_unix_ns, int limit);
  Result<std::int64_t> DeleteContent(std::int64_t ended_before_unix_ns, int limit);
  Result<std::int64_t> DropOldest(std::int64_t keep, int limit);

 private:
  explicit Table(std::unique_ptr<store::Database> db) : db_(std::move(db)) {}
  std::unique_ptr<store::Database> db_;
};

}  // namespace baton::human
