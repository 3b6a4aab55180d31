// Statements are prepared when they are needed: a desk sees a few of them per minute, and a cache of prepared
// ones would have to be thrown away with every broken connection.
#include "human/table.h"

#include <fmt/format.h>

#include "human/schema.h"

namespace baton::human {
namespace {

// Without the three long columns.
constexpr std::string_view kHead =
    "seq, id, state, exchange, tenant, model, reason, route, workflow, step, data_classes, created_ns, "
    "expires_ns, resolved_ns, claimed_by, resolved_by, content_deleted";
constexpr int kHeadColumns = 17;

// Class names hold no line break: config takes letters, digits and - _ only.
std::string JoinClasses(const std::vector<std::string>& classes) {
  std::string all;
  for (const auto& c : classes) all += (all.empty() ? "" : "\n") + c;
  return all;
}

std::vector<std::string> SplitClasses(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const auto end = text.find('\n');
    all.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return all;
}

Case ReadHead(const store::Statement& row) {
  Case c;
  c.seq = row.Int(0);
  c.id = row.Text(1);
  c.state = static_cast<State>(row.Int(2));
  c.exchange = row.Int(3);
  c.tenant = row.Text(4);
  c.model = row.Text(5);
  c.reason = row.Text(6);
  c.route = row.Text(7);
  c.workflow = row.Text(8);
  c.step = row.Text(9);
  c.data_classes = SplitClasses(row.Text(10));
  c.created_unix_ns = row.Int(11);
  c.expires_unix_ns = row.Int(12);
  c.resolved_unix_ns = row.Int(13);
  c.claimed_by = row.Text(14);
  c.resolved_by = row.Text(15);
  c.content_deleted = row.Int(16) != 0;
  return c;
}

Error NoSuchCase() {
  return Fail(Code::kNotFound, "there is no such case; GET /admin/cases lists those that wait",
              "case_not_found");
}

Error Conflict(const Case& now) {
  if (Ended(now.state)) {
    return Fail(Code::kConflict, fmt::format("the case has ended: it is {}", StateName(now.state)),
                "case_ended");
  }
  return Fail(Code::kConflict,
              fmt::format("{} has claimed this case; ask them, or release it with force", now.claimed_by),
              "case_claimed");
}

Result<std::int64_t> ReadNumber(store::Database& db, std::string_view sql) {
  TRY(auto select, db.Prepare(sql));
  TRY(const bool row, select->Step());
  return row ? select->Int(0) : 0;
}

}  // namespace

Result<bool> MayChange(const Case& now, const Change& change) {
  const bool theirs = now.state == State::kClaimed && now.claimed_by != change.by && !change.force;
  switch (change.to) {
    case State::kClaimed:
      if (now.state == State::kWaiting) return true;
      if (now.state == State::kClaimed && !theirs) return false;
      return Conflict(now);
    case State::kWaiting:
      if (now.state == State::kWaiting) return false;
      if (now.state == State::kClaimed && !theirs) return true;
      return Conflict(now);
    case State::kAnswered:
    case State::kRejected:
      if (!Ended(now.state) && !theirs) return true;
      if (now.state == change.to && now.resolved_by == change.by && now.resolution == change.text)
        return false;
      return Conflict(now);
    case State::kExpired:
    case State::kCancelled:
      return !Ended(now.state);
  }
  return Conflict(now);
}

Result<std::unique_ptr<Table>> Table::Open(std::unique_ptr<store::Database> db) {
  TRY_VOID(PrepareSchema(*db));
  return std::unique_ptr<Table>(new Table(std::move(db)));
}

Status Table::Insert(const Case& c) {
  TRY(auto insert,
      db_->Prepare("INSERT INTO human_cases(id, state, exchange, tenant, model, reason, route, workflow, "
                   "step, data_classes, created_ns, expires_ns, transcript, draft) "
                   "VALUES($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"));
  const std::string classes = JoinClasses(c.data_classes);
  insert->BindText(1, c.id);
  insert->BindInt(2, c.exchange);
  insert->BindText(3, c.tenant);
  insert->BindText(4, c.model);
  insert->BindText(5, c.reason);
  insert->BindText(6, c.route);
  insert->BindText(7, c.workflow);
  insert->BindText(8, c.step);
  insert->BindText(9, classes);
  insert->BindInt(10, c.created_unix_ns);
  insert->BindInt(11, c.expires_unix_ns);
  insert->BindText(12, c.transcript);
  insert->BindText(13, c.draft);
  return insert->Run();
}

Result<Case> Table::Find(const std::string& id) {
  TRY(auto select, db_->Prepare(fmt::format(
                       "SELECT {}, transcript, draft, resolution FROM human_cases WHERE id = $1", kHead)));
  select->BindText(1, id);
  TRY(const bool row, select->Step());
  if (!row) return NoSuchCase();
  Case c = ReadHead(*select);
  c.transcript = select->Text(kHeadColumns);
  c.draft = select->Text(kHeadColumns + 1);
  c.resolution = select->Text(kHeadColumns + 2);
  return c;
}

Result<std::vector<Case>> Table::List(const Filter& filter) {
  std::string where = "state < 2";
  if (filter.all) where = "1 = 1";
  if (filter.state) where = fmt::format("state = {}", static_cast<int>(*filter.state));
  TRY(auto select,
      db_->Prepare(fmt::format("SELECT {} FROM human_cases WHERE {} AND seq > $1 ORDER BY seq LIMIT $2",
                               kHead, where)));
  select->BindInt(1, filter.after);
  select->BindInt(2, filter.limit);
  std::vector<Case> all;
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) return all;
    all.push_back(ReadHead(*select));
  }
}

Result<Table::Changed> Table::Apply(const Change& change) {
  Changed out;
  TRY(out.row, Find(change.id));
  TRY(out.changed, MayChange(out.row, change));
  if (!out.changed) return out;
  Case& c = out.row;
  const auto before = static_cast<int>(c.state);
  c.state = change.to;
  c.claimed_by = change.to == State::kClaimed ? change.by : change.to == State::kWaiting ? "" : c.claimed_by;
  if (Ended(change.to)) {
    c.resolved_by = change.by;
    c.resolution = change.text;
    c.resolved_unix_ns = change.now_unix_ns;
  }
  TRY(auto update,
      db_->Prepare("UPDATE human_cases SET state = $1, claimed_by = $2, resolved_by = $3, resolution = $4, "
                   "resolved_ns = $5 WHERE id = $6 AND state = $7"));
  update->BindInt(1, static_cast<int>(c.state));
  update->BindText(2, c.claimed_by);
  update->BindText(3, c.resolved_by);
  update->BindText(4, c.resolution);
  update->BindInt(5, c.resolved_unix_ns);
  update->BindText(6, c.id);
  update->BindInt(7, before);
  TRY_VOID(update->Run());
  // One thread writes these rows; another process that does so too is noticed rather than overwritten.
  if (db_->Changes() != 1)
    return Fail(Code::kConflict, "the case was changed by somebody else at the same moment; look at it again",
                "case_claimed");
  return out;
}

Result<std::int64_t> Table::CountOpen() {
  return ReadNumber(*db_, "SELECT COUNT(*) FROM human_cases WHERE state < 2");
}

Result<std::int64_t> Table::NextExpiry() {
  return ReadNumber(*db_, "SELECT MIN(expires_ns) FROM human_cases WHERE state < 2");
}

Result<std::vector<Case>> Table::Expire(std::int64_t now, int limit) {
  std::vector<Case> due;
  {
    TRY(auto select,
        db_->Prepare(fmt::format(
            "SELECT {} FROM human_cases WHERE state < 2 AND expires_ns <= $1 ORDER BY expires_ns LIMIT $2",
            kHead)));
    select->BindInt(1, now);
    select->BindInt(2, limit);
    for (;;) {
      TRY(const bool row, select->Step());
      if (!row) break;
      due.push_back(ReadHead(*select));
    }
  }
  if (due.empty()) return due;
  TRY(auto tx, store::Transaction::Begin(*db_));
  TRY(auto update,
      db_->Prepare("UPDATE human_cases SET state = 4, resolved_ns = $1 WHERE seq = $2 AND state < 2"));
  for (Case& c : due) {
    c.state = State::kExpired;
    c.resolved_unix_ns = now;
    update->BindInt(1, now);
    update->BindInt(2, c.seq);
    TRY_VOID(update->Run());
  }
  TRY_VOID(tx.Commit());
  return due;
}

Result<std::int64_t> Table::DeleteContent(std::int64_t before, int limit) {
  TRY(auto update,
      db_->Prepare(
          "UPDATE human_cases SET transcript = '', draft = '', resolution = '', content_deleted = 1 WHERE "
          "seq "
          "IN (SELECT seq FROM human_cases WHERE state >= 2 AND content_deleted = 0 AND resolved_ns <= $1 "
          "ORDER BY resolved_ns LIMIT $2)"));
  update->BindInt(1, before);
  update->BindInt(2, limit);
  TRY_VOID(update->Run());
  return db_->Changes();
}

Result<std::int64_t> Table::DropOldest(std::int64_t keep, int limit) {
  TRY(const auto ended, ReadNumber(*db_, "SELECT COUNT(*) FROM human_cases WHERE state >= 2"));
  if (ended <= keep) return 0;
  TRY(auto drop,
      db_->Prepare("DELETE FROM human_cases WHERE seq IN (SELECT seq FROM human_cases WHERE state >= 2 "
                   "ORDER BY seq LIMIT $1)"));
  drop->BindInt(1, std::min<std::int64_t>(limit, ended - keep));
  TRY_VOID(drop->Run());
  return db_->Changes();
}

}  // namespace baton::human
