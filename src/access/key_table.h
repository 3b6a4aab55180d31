// Keys in the store: rows in, rows out. Tables of their own beside the exchanges; docs/keys.md names them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/key.h"
#include "access/settings.h"
#include "store/database.h"

namespace baton::access {

// What is kept of a key. Never the key itself.
struct KeyRow {
  std::string id;  // the ten characters
  KeyHash hash{};
  std::string tenant, name, project, user;
  Role role = Role::kNone;
  Scopes scopes = kAllScopes;
  std::vector<std::string> models;     // empty: the tenant's
  std::optional<Allowance> allowance;  // unset: the tenant's each_key
  std::string created_by;
  std::int64_t created_ns = 0;
  std::int64_t expires_ns = 0;  // 0: never
  std::int64_t revoked_ns = 0;  // 0: not
  std::string replaced_by;      // id of the key that a rotation made
  // Id of the first key of its rotations: its budget and limits stay the same through all of them.
  std::string family;
};

// Balances copied from the ledger, in case its file is lost.
struct SpendRow {
  std::string account;  // "tenant support / tenant: / month"
  std::int64_t period_start = 0;
  budget::Amount spent;
};

// Who did what to a key where no audit log was at hand (the command line). Waits in the store, written in one
// transaction with the change itself, until a server takes it into its log.
struct Note {
  std::int64_t id = 0;  // the store's
  std::int64_t at_ns = 0;
  std::string actor, action, key, tenant, role;  // action: "key_create", "key_rotate", "key_revoke"
};

inline constexpr std::size_t kMaxKeys = 100'000;

// One thread at a time. Every change of a key raises the change counter in the same transaction.
class KeyTable {
 public:
  // Opens (`create`: makes) the tables in the store at `path`. Errors of store/.
  static Result<std::unique_ptr<KeyTable>> Open(const std::string& path, bool create = true,
                                                Duration busy = std::chrono::seconds(5));

  // From now on every change leaves a Note in this name. Empty, as at first: the caller has a log of its own.
  void SignAs(std::string actor) { actor_ = std::move(actor); }
  // Oldest first, at most 100.
  Result<std::vector<Note>> Notes();
  // They are in a log; one that is gone already is no error.
  Status DropNotes(std::int64_t up_to_id);

  const Pepper& pepper() const { return pepper_; }
  // Goes up with every change, whoever makes it.
  Result<std::int64_t> Changes();
  // Newest first. An empty tenant: all.
  Result<std::vector<KeyRow>> List(const std::string& tenant = {});
  Result<KeyRow> Find(const std::string& id);  // kNotFound "key_not_found"
  // kTooLarge "too_many_keys".
  Status Insert(const KeyRow& row);
  // False: it was revoked already.
  Result<bool> Revoke(const std::string& id, std::int64_t now_ns);
  // Inserts `next` and lets the old one end at `old_expires_ns` at the latest. kConflict "key_revoked".
  Status Rotate(const std::string& id, const KeyRow& next, std::int64_t old_expires_ns, std::int64_t now_ns);

  Status SaveSpend(const std::vector<SpendRow>& rows, std::int64_t now_ns);
  Result<std::vector<SpendRow>> LoadSpend();

 private:
  explicit KeyTable(std::unique_ptr<store::Database> db) : db_(std::move(db)) {}
  Status PrepareSchema(bool create);
  Status LoadPepper();
  Status InsertRow(const KeyRow& row);
  Status AddNote(std::string_view action, const KeyRow& row, std::int64_t now_ns);
  Status Touch();

  std::unique_ptr<store::Database> db_;
  std::string actor_;
  Pepper pepper_{};
};

// The mark of Baton's stores, as the recorder makes it (record/recorder.cc).
inline constexpr std::int32_t kStoreMark = 0x42744e31;

}  // namespace baton::access
