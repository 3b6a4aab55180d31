#include "access/key_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace baton::access {
namespace {

constexpr int kSchema = 1;
constexpr std::string_view kTables = R"sql(
CREATE TABLE access_meta(key TEXT PRIMARY KEY, value);
CREATE TABLE access_keys(
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL, name TEXT NOT NULL, project TEXT NOT NULL, user TEXT NOT NULL,
  role INTEGER NOT NULL, scopes INTEGER NOT NULL, models TEXT NOT NULL, allowance TEXT,
  created_by TEXT NOT NULL, created_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL,
  revoked_ns INTEGER NOT NULL DEFAULT 0, replaced_by TEXT NOT NULL DEFAULT '', family TEXT NOT NULL);
CREATE TABLE access_spend(
  account TEXT PRIMARY KEY, period_start INTEGER NOT NULL, usd_nanos INTEGER NOT NULL, tokens INTEGER NOT NULL,
  updated_ns INTEGER NOT NULL) WITHOUT ROWID;
)sql";
// Made whenever it is missing: stores of earlier versions have none.
constexpr std::string_view kNotes =
    "CREATE TABLE IF NOT EXISTS access_notes(id INTEGER PRIMARY KEY AUTOINCREMENT, at_ns INTEGER NOT NULL, "
    "actor TEXT NOT NULL, action TEXT NOT NULL, key TEXT NOT NULL, tenant TEXT NOT NULL, role TEXT NOT NULL)";
constexpr std::string_view kColumns =
    "id, hash, tenant, name, project, user, role, scopes, models, allowance, created_by, created_ns, "
    "expires_ns, revoked_ns, replaced_by, family";

std::string Joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, "\n"));
}

std::vector<std::string> Split(std::string_view text, char by) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(by);
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

// "usd 5000000000 day;tokens 100000 month;rpm 60": readable in a SQL shell, and read back without a parser.
std::string Text(const Allowance& a) {
  std::vector<std::string> parts;
  for (const auto& b : a.budgets) {
    if (b.usd) parts.push_back(fmt::format("usd {} {}", b.usd->v, budget::PeriodName(b.per)));
    if (b.tokens) parts.push_back(fmt::format("tokens {} {}", *b.tokens, budget::PeriodName(b.per)));
  }
  if (a.limits.rpm) parts.push_back(fmt::format("rpm {}", *a.limits.rpm));
  if (a.limits.tpm) parts.push_back(fmt::format("tpm {}", *a.limits.tpm));
  if (a.limits.concurrent) parts.push_back(fmt::format("concurrent {}", *a.limits.concurrent));
  return fmt::format("{}", fmt::join(parts, ";"));
}

budget::Budget& BudgetOf(Allowance& a, budget::Period per) {
  for (auto& b : a.budgets) {
    if (b.per == per) return b;
  }
  a.budgets.push_back({std::nullopt, std::nullopt, per});
  return a.budgets.back();
}

Allowance ParseAllowance(std::string_view text) {
  Allowance a;
  for (const auto& part : Split(text, ';')) {
    const auto words = Split(part, ' ');
    std::int64_t n = 0;
    if (words.size() < 2 ||
        std::from_chars(words[1].data(), words[1].data() + words[1].size(), n).ec != std::errc())
      continue;
    const auto per = words.size() > 2 ? budget::ParsePeriod(words[2]) : std::nullopt;
    if (words[0] == "usd" && per) BudgetOf(a, *per).usd = budget::Nanos{n};
    if (words[0] == "tokens" && per) BudgetOf(a, *per).tokens = n;
    if (words[0] == "rpm") a.limits.rpm = n;
    if (words[0] == "tpm") a.limits.tpm = n;
    if (words[0] == "concurrent") a.limits.concurrent = n;
  }
  return a;
}

Result<KeyRow> ReadRow(const store::Statement& row) {
  KeyRow k;
  k.id = row.Text(0);
  const auto hash = FromHex(row.Text(1));
  if (!hash) return Fail(Code::kInternal, "a key in the store is damaged; restore a copy", "store_corrupt");
  k.hash = *hash;
  k.tenant = row.Text(2);
  k.name = row.Text(3);
  k.project = row.Text(4);
  k.user = row.Text(5);
  k.role = static_cast<Role>(std::clamp<std::int64_t>(row.Int(6), 0, static_cast<int>(Role::kOwner)));
  k.scopes = static_cast<Scopes>(row.Int(7)) & kAllScopes;
  k.models = Split(row.Text(8), '\n');
  if (row.IsText(9)) k.allowance = ParseAllowance(row.Text(9));
  k.created_by = row.Text(10);
  k.created_ns = row.Int(11);
  k.expires_ns = row.Int(12);
  k.revoked_ns = row.Int(13);
  k.replaced_by = row.Text(14);
  k.family = row.Text(15);
  return k;
}

Error NoSuchKey() {
  return Fail(Code::kNotFound, "there is no key of that id; `baton keys list` shows those there are",
              "key_not_found");
}

}  // namespace

Result<std::unique_ptr<KeyTable>> KeyTable::Open(const std::string& path, bool create, Duration busy) {
  store::OpenOptions options;
  options.path = path;
  options.mark = kStoreMark;
  options.busy = busy;
  if (!create) options.mode = store::Mode::kReadOnly;
  TRY(auto db, store::OpenSqlite(options));
  std::unique_ptr<KeyTable> table(new KeyTable(std::move(db)));
  TRY_VOID(table->PrepareSchema(create));
  TRY_VOID(table->LoadPepper());
  return table;
}

Status KeyTable::PrepareSchema(bool create) {
  TRY(auto tables, db_->Tables());
  const auto there = [](const std::vector<std::string>& all) {
    return std::find(all.begin(), all.end(), "access_keys") != all.end();
  };
  if (!there(tables) && create) {
    TRY(auto tx, store::Transaction::Begin(*db_));
    // Looked at again under the lock: two processes may begin together.
    TRY(tables, db_->Tables());
    if (!there(tables)) {
      const Pepper pepper = MintPepper();
      TRY_VOID(db_->Exec(kTables));
      TRY_VOID(db_->Exec(
          fmt::format("INSERT INTO access_meta VALUES('schema', {}), ('changes', 1), ('pepper', '{}')",
                      kSchema, ToHex(pepper.data(), pepper.size()))));
    }
    TRY_VOID(tx.Commit());
  } else if (!there(tables)) {
    return Fail(Code::kNotFound, "the store has no keys yet; make one with `baton keys create`",
                "key_not_found");
  }
  TRY(auto select, db_->Prepare("SELECT value FROM access_meta WHERE key = 'schema'"));
  TRY(const bool row, select->Step());
  if (!row || select->Int(0) != kSchema) {
    return Fail(Code::kConflict,
                "the store's keys were written by another version of Baton; use that version", "store_newer");
  }
  if (create && std::find(tables.begin(), tables.end(), "access_notes") == tables.end())
    return db_->Exec(kNotes);
  return {};
}

Status KeyTable::LoadPepper() {
  TRY(auto select, db_->Prepare("SELECT value FROM access_meta WHERE key = 'pepper'"));
  TRY(const bool row, select->Step());
  const auto pepper = row ? FromHex(select->Text(0)) : std::nullopt;
  if (!pepper)
    return Fail(Code::kInternal, "the store has lost what its keys are hashed with", "store_corrupt");
  pepper_ = *pepper;
  return {};
}

Result<std::int64_t> KeyTable::Changes() {
  TRY(auto select, db_->Prepare("SELECT value FROM access_meta WHERE key = 'changes'"));
  TRY(const bool row, select->Step());
  return row ? select->Int(0) : 0;
}

Status KeyTable::Touch() {
  return db_->Exec("UPDATE access_meta SET value = value + 1 WHERE key = 'changes'");
}

Status KeyTable::AddNote(std::string_view action, const KeyRow& row, std::int64_t now_ns) {
  if (actor_.empty()) return {};
  TRY(auto insert, db_->Prepare("INSERT INTO access_notes(at_ns, actor, action, key, tenant, role) "
                                "VALUES($1, $2, $3, $4, $5, $6)"));
  insert->BindInt(1, now_ns);
  insert->BindText(2, actor_);
  insert->BindText(3, action);
  insert->BindText(4, row.id);
  insert->BindText(5, row.tenant);
  insert->BindText(6, RoleName(row.role));
  return insert->Run();
}

Result<std::vector<Note>> KeyTable::Notes() {
  TRY(auto select, db_->Prepare("SELECT id, at_ns, actor, action, key, tenant, role FROM access_notes "
                                "ORDER BY id LIMIT 100"));
  std::vector<Note> all;
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) return all;
    all.push_back({select->Int(0), select->Int(1), std::string(select->Text(2)), std::string(select->Text(3)),
                   std::string(select->Text(4)), std::string(select->Text(5)), std::string(select->Text(6))});
  }
}

Status KeyTable::DropNotes(std::int64_t up_to_id) {
  TRY(auto remove, db_->Prepare("DELETE FROM access_notes WHERE id <= $1"));
  remove->BindInt(1, up_to_id);
  return remove->Run();
}

Result<std::vector<KeyRow>> KeyTable::List(const std::string& tenant) {
  TRY(auto select,
      db_->Prepare(fmt::format(
          "SELECT {} FROM access_keys WHERE $1 = '' OR tenant = $1 ORDER BY created_ns DESC, id", kColumns)));
  select->BindText(1, tenant);
  std::vector<KeyRow> all;
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) return all;
    TRY(auto key, ReadRow(*select));
    all.push_back(std::move(key));
  }
}

Result<KeyRow> KeyTable::Find(const std::string& id) {
  TRY(auto select, db_->Prepare(fmt::format("SELECT {} FROM access_keys WHERE id = $1", kColumns)));
  select->BindText(1, id);
  TRY(const bool row, select->Step());
  if (!row) return NoSuchKey();
  return ReadRow(*select);
}

Status KeyTable::InsertRow(const KeyRow& k) {
  TRY(auto count, db_->Prepare("SELECT COUNT(*) FROM access_keys"));
  TRY(const bool row, count->Step());
  if (row && count->Int(0) >= static_cast<std::int64_t>(kMaxKeys)) {
    return Fail(Code::kTooLarge, fmt::format("the store holds {} keys, which is the most it takes", kMaxKeys),
                "too_many_keys");
  }
  TRY(auto insert,
      db_->Prepare(
          fmt::format("INSERT INTO access_keys({}) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
                      "$13, 0, '', $14)",
                      kColumns)));
  const std::string hash = ToHex(k.hash.data(), k.hash.size()), models = Joined(k.models);
  const std::string allowance = k.allowance ? Text(*k.allowance) : "";
  insert->BindText(1, k.id);
  insert->BindText(2, hash);
  insert->BindText(3, k.tenant);
  insert->BindText(4, k.name);
  insert->BindText(5, k.project);
  insert->BindText(6, k.user);
  insert->BindInt(7, static_cast<int>(k.role));
  insert->BindInt(8, k.scopes);
  insert->BindText(9, models);
  if (k.allowance)
    insert->BindText(10, allowance);
  else
    insert->BindNull(10);
  insert->BindText(11, k.created_by);
  insert->BindInt(12, k.created_ns);
  insert->BindInt(13, k.expires_ns);
  insert->BindText(14, k.family);
  return insert->Run();
}

Status KeyTable::Insert(const KeyRow& k) {
  TRY(auto tx, store::Transaction::Begin(*db_));
  TRY_VOID(InsertRow(k));
  TRY_VOID(AddNote("key_create", k, k.created_ns));
  TRY_VOID(Touch());
  return tx.Commit();
}

Result<bool> KeyTable::Revoke(const std::string& id, std::int64_t now_ns) {
  TRY(auto tx, store::Transaction::Begin(*db_));
  TRY(const KeyRow now, Find(id));
  if (now.revoked_ns != 0) return false;
  {
    TRY(auto update, db_->Prepare("UPDATE access_keys SET revoked_ns = $1 WHERE id = $2"));
    update->BindInt(1, now_ns);
    update->BindText(2, id);
    TRY_VOID(update->Run());
  }
  TRY_VOID(AddNote("key_revoke", now, now_ns));
  TRY_VOID(Touch());
  TRY_VOID(tx.Commit());
  return true;
}

Status KeyTable::Rotate(const std::string& id, const KeyRow& next, std::int64_t old_expires_ns,
                        std::int64_t now_ns) {
  TRY(auto tx, store::Transaction::Begin(*db_));
  TRY(const KeyRow old, Find(id));
  if (old.revoked_ns != 0 || (old.expires_ns != 0 && old.expires_ns <= now_ns) || !old.replaced_by.empty()) {
    return Fail(Code::kConflict, "this key is revoked, expired or rotated already; make a new one",
                "key_revoked");
  }
  TRY_VOID(InsertRow(next));
  {
    TRY(auto update, db_->Prepare("UPDATE access_keys SET expires_ns = $1, replaced_by = $2 WHERE id = $3"));
    update->BindInt(1, old.expires_ns == 0 ? old_expires_ns : std::min(old.expires_ns, old_expires_ns));
    update->BindText(2, next.id);
    update->BindText(3, id);
    TRY_VOID(update->Run());
  }
  TRY_VOID(AddNote("key_rotate", next, now_ns));
  TRY_VOID(Touch());
  return tx.Commit();
}

Status KeyTable::SaveSpend(const std::vector<SpendRow>& rows, std::int64_t now_ns) {
  if (rows.empty()) return {};
  TRY(auto tx, store::Transaction::Begin(*db_));
  TRY(auto upsert,
      db_->Prepare("INSERT INTO access_spend VALUES($1, $2, $3, $4, $5) ON CONFLICT(account) DO "
                   "UPDATE SET period_start = $2, usd_nanos = $3, tokens = $4, updated_ns = $5"));
  for (const SpendRow& row : rows) {
    upsert->BindText(1, row.account);
    upsert->BindInt(2, row.period_start);
    upsert->BindInt(3, row.spent.usd.v);
    upsert->BindInt(4, row.spent.tokens);
    upsert->BindInt(5, now_ns);
    TRY_VOID(upsert->Run());
  }
  return tx.Commit();
}

Result<std::vector<SpendRow>> KeyTable::LoadSpend() {
  TRY(auto select, db_->Prepare("SELECT account, period_start, usd_nanos, tokens FROM access_spend"));
  std::vector<SpendRow> all;
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) return all;
    all.push_back({std::string(select->Text(0)), select->Int(1), {{select->Int(2)}, select->Int(3)}});
  }
}

}  // namespace baton::access
