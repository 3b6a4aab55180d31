#include "learn/keep.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/hash.h"

namespace baton::learn {
namespace {

constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE learn_state(key TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE learn_policies(hash TEXT PRIMARY KEY, name TEXT NOT NULL, kept_ns INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE learn_events(seq INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, what TEXT NOT NULL,
  candidate TEXT NOT NULL, by TEXT NOT NULL, detail TEXT NOT NULL);
INSERT INTO learn_state VALUES('schema', '1');
)sql";
constexpr int kMaxEvents = 10'000;
constexpr std::string_view kSchemaKey = "schema";
constexpr std::size_t kSum = 17;  // 16 digits and a blank

// What is kept begins with a sum of itself and its key, so that a page the disk returned wrongly is not
// learned from.
std::string Summed(std::string_view key, std::string_view text) {
  return fmt::format("{:016x} {}", Hash64(fmt::format("{} {}", key, text)), text);
}

std::int64_t NumberOf(std::string_view text) {
  std::int64_t v = 0;
  std::from_chars(text.data(), text.data() + text.size(), v);
  return v;
}

}  // namespace

Result<std::unique_ptr<Keep>> Keep::Open(std::unique_ptr<store::Database> db) {
  TRY(const auto tables, db->Tables());
  if (std::find(tables.begin(), tables.end(), "learn_state") == tables.end()) {
    TRY(auto tx, store::Transaction::Begin(*db));
    TRY_VOID(db->Exec(kVersion1));
    TRY_VOID(tx.Commit());
  }
  std::unique_ptr<Keep> keep(new Keep(std::move(db)));
  TRY(const std::string version, keep->Get(kSchemaKey));
  if (NumberOf(version) != kKeepSchema) {
    return Fail(
        Code::kConflict,
        fmt::format("what the store holds of learning is of version {}, this Baton knows {}; use that "
                    "version, or another `store:`",
                    version, kKeepSchema),
        "store_newer");
  }
  return keep;
}

Status Keep::Put(std::string_view key, std::string_view text) {
  TRY(auto put, db_->Prepare("INSERT INTO learn_state(key, text) VALUES($1, $2) "
                             "ON CONFLICT(key) DO UPDATE SET text = excluded.text"));
  const std::string summed = Summed(key, text);
  put->BindText(1, key);
  put->BindText(2, summed);
  return put->Run();
}

Result<std::string> Keep::Checked(std::string_view key, std::string_view kept) {
  const std::string_view text = kept.substr(std::min(kSum, kept.size()));
  if (kept == Summed(key, text)) return std::string(text);
  return Fail(Code::kInternal, fmt::format("what the store holds under '{}' is damaged", key),
              "state_damaged");
}

// Empty where there is none.
Result<std::string> Keep::Get(std::string_view key) {
  TRY(auto get, db_->Prepare("SELECT text FROM learn_state WHERE key = $1"));
  get->BindText(1, key);
  TRY(const bool row, get->Step());
  if (!row) return std::string();
  if (key == kSchemaKey) return std::string(get->Text(0));
  return Checked(key, get->Text(0));
}

Status Keep::PutPromotion(const Promotion& promotion) {
  return Put("promotion", ToJson(promotion));
}

Result<Promotion> Keep::LoadPromotion() {
  TRY(const std::string text, Get("promotion"));
  if (text.empty()) return Promotion{};
  return PromotionFromJson(text);
}

Status Keep::Save(const Promotion& promotion, const PromotionEvent& event) {
  TRY(auto tx, store::Transaction::Begin(*db_));
  TRY_VOID(PutPromotion(promotion));
  {
    TRY(auto add, db_->Prepare("INSERT INTO learn_events(at_ns, what, candidate, by, detail) "
                               "VALUES($1, $2, $3, $4, $5)"));
    add->BindInt(1, event.unix_ns);
    add->BindText(2, event.what);
    add->BindText(3, event.candidate);
    add->BindText(4, event.by);
    add->BindText(5, event.detail);
    TRY_VOID(add->Run());
  }
  TRY_VOID(db_->Exec(fmt::format(
      "DELETE FROM learn_events WHERE seq <= (SELECT MAX(seq) FROM learn_events) - {}", kMaxEvents)));
  return tx.Commit();
}

Status Keep::Save(const Promotion& promotion, const Learned& learned) {
  TRY(auto tx, store::Transaction::Begin(*db_));
  TRY_VOID(PutPromotion(promotion));
  TRY_VOID(db_->Exec("DELETE FROM learn_state WHERE key LIKE 'bandit.%'"));
  for (const auto& [policy, bytes] : learned.bandits) TRY_VOID(Put("bandit." + policy, bytes));
  TRY_VOID(Put("trust", learned.trust));
  TRY_VOID(Put("feedback_seen", std::to_string(learned.feedback_seen)));
  return tx.Commit();
}

Result<Learned> Keep::LoadLearned() {
  Learned l;
  TRY(auto list, db_->Prepare("SELECT key, text FROM learn_state WHERE key LIKE 'bandit.%'"));
  for (;;) {
    TRY(const bool row, list->Step());
    if (!row) break;
    const std::string key(list->Text(0));
    auto text = Checked(key, list->Text(1));
    if (text) {
      l.bandits[key.substr(7)] = std::move(*text);
    } else {
      l.damaged.push_back(key);
    }
  }
  const auto one = [&](const char* key) -> Result<std::string> {
    auto text = Get(key);
    if (text || text.error().reason != "state_damaged") return text;
    l.damaged.emplace_back(key);
    return std::string();
  };
  TRY(l.trust, one("trust"));
  TRY(const std::string seen, one("feedback_seen"));
  l.feedback_seen = NumberOf(seen);
  return l;
}

Status Keep::PutPolicy(const std::string& hash, const std::string& name, std::string_view bytes,
                       std::int64_t now) {
  if (bytes.size() > kMaxPolicyBytes)
    return Fail(Code::kTooLarge, fmt::format("a policy's file has at most {} MB", kMaxPolicyBytes >> 20),
                "policy_too_large");
  TRY(auto put, db_->Prepare("INSERT INTO learn_policies(hash, name, kept_ns, bytes) VALUES($1, $2, $3, $4) "
                             "ON CONFLICT(hash) DO UPDATE SET kept_ns = excluded.kept_ns"));
  put->BindText(1, hash);
  put->BindText(2, name);
  put->BindInt(3, now);
  put->BindBlob(4, bytes);
  return put->Run();
}

Result<Keep::Policy> Keep::GetPolicy(const std::string& hash) {
  TRY(auto get, db_->Prepare("SELECT name, bytes FROM learn_policies WHERE hash = $1"));
  get->BindText(1, hash);
  TRY(const bool row, get->Step());
  if (!row)
    return Fail(Code::kNotFound, fmt::format("the store keeps no policy {}", hash), "policy_not_found");
  return Policy{std::string(get->Text(0)), std::string(get->Blob(1))};
}

Result<std::vector<Keep::Kept>> Keep::Policies() {
  TRY(auto list, db_->Prepare("SELECT hash, name, LENGTH(bytes), kept_ns FROM learn_policies "
                              "ORDER BY kept_ns DESC, hash"));
  std::vector<Kept> all;
  for (;;) {
    TRY(const bool row, list->Step());
    if (!row) return all;
    all.push_back({std::string(list->Text(0)), std::string(list->Text(1)), list->Int(2), list->Int(3)});
  }
}

Status Keep::DropPolicies(const Promotion& promotion, int keep) {
  std::set<std::string> used = {promotion.candidate};
  for (const Placement* p : {&promotion.in_place, &promotion.before}) {
    for (const auto& [slice, policy] : *p) used.insert(policy);
  }
  std::vector<std::string> old;
  {
    TRY(auto list, db_->Prepare("SELECT hash FROM learn_policies ORDER BY kept_ns DESC, hash"));
    for (int n = 0;; ++n) {
      TRY(const bool row, list->Step());
      if (!row) break;
      std::string hash(list->Text(0));
      if (n >= keep && !used.contains(hash)) old.push_back(std::move(hash));
    }
  }
  for (const auto& hash : old) {
    TRY(auto drop, db_->Prepare("DELETE FROM learn_policies WHERE hash = $1"));
    drop->BindText(1, hash);
    TRY_VOID(drop->Run());
  }
  return {};
}

Status Keep::SaveGrant(std::string_view purse, const DailyCap::Grant& grant) {
  return Put(fmt::format("grant.{}", purse), fmt::format("{} {}", grant.day, grant.granted.v));
}

Result<DailyCap::Grant> Keep::LoadGrant(std::string_view purse) {
  TRY(const std::string text, Get(fmt::format("grant.{}", purse)));
  const auto space = text.find(' ');
  if (space == std::string::npos) return DailyCap::Grant{};
  return DailyCap::Grant{NumberOf(text), {NumberOf(std::string_view(text).substr(space + 1))}};
}

Result<std::vector<PromotionEvent>> Keep::Events(int limit) {
  TRY(auto list,
      db_->Prepare("SELECT at_ns, what, candidate, by, detail FROM learn_events ORDER BY seq DESC LIMIT $1"));
  list->BindInt(1, limit);
  std::vector<PromotionEvent> out;
  for (;;) {
    TRY(const bool row, list->Step());
    if (!row) return out;
    out.push_back({std::string(list->Text(1)), std::string(list->Text(2)), std::string(list->Text(3)),
                   std::string(list->Text(4)), list->Int(0)});
  }
}

}  // namespace baton::learn
