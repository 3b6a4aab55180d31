// A store as somebody changes it by hand: SQL, hashes made to fit again, signatures by another key. Test
// support.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "audit/head.h"
#include "audit/verify.h"
#include "record/chain_source.h"
#include "record/encode.h"
#include "record/open.h"
#include "record/table.h"

namespace baton::record {

// The store under somebody's hands.
class Hands {
 public:
  Hands(store::Database& db, std::string path) : db_(db), path_(std::move(path)) {}
  void Sql(const std::string& sql) { Must(db_.Exec(sql)); }
  std::int64_t Number(const std::string& sql) {
    auto select = db_.Prepare(sql);
    if (!select || !*(*select)->Step()) return 0;
    return (*select)->Int(0);
  }
  // The link of an exchange, and the exchange of an id in the middle of the store.
  std::int64_t MiddleExchange() {
    return Number(
        "SELECT ref FROM audit_chain WHERE kind = 1 ORDER BY seq LIMIT 1 OFFSET "
        "(SELECT COUNT(*) / 2 FROM audit_chain WHERE kind = 1)");
  }
  std::int64_t MiddleLink(int kind) {
    return Number(
        fmt::format("SELECT seq FROM audit_chain WHERE kind = {0} ORDER BY seq LIMIT 1 OFFSET "
                    "(SELECT COUNT(*) / 2 FROM audit_chain WHERE kind = {0})",
                    kind));
  }
  std::int64_t LinkOf(std::int64_t exchange) {
    return Number(fmt::format("SELECT seq FROM audit_chain WHERE kind = 1 AND ref = {}", exchange));
  }
  // Makes every hash from link `first` on follow again, digests of exchanges included: what anybody can who
  // knows the form.
  void Rehash(std::int64_t first);
  void WriteHead(const audit::Checkpoint& head) {
    auto file = audit::HeadFile::Open(audit::HeadPath(path_));
    Must(file ? (*file)->Write(head) : Status(file.error()));
  }
  audit::Checkpoint NewestCheckpointBefore(std::int64_t seq);
  // Signs every checkpoint from link `first` on, and the head, with a new key; gives the first of them.
  std::int64_t SignAnew(std::int64_t first);
  Provenance Read(ExchangeId id) {
    auto reader = TableReader::Open(StoreAt(path_, store::Mode::kReadOnly));
    Provenance p;
    if (reader) (void)(*reader)->Read(id, p);
    return p;
  }

 private:
  static void Must(const Status& done) {
    if (!done) {
      fmt::print(stderr, "tamper: {}\n", done.error().message);
      std::abort();
    }
  }
  store::Database& db_;
  const std::string path_;
};

inline void Hands::Rehash(std::int64_t first) {
  struct Row {
    std::int64_t seq, kind, ref;
    audit::Digest digest;
  };
  std::vector<Row> rows;
  audit::Digest hash{};
  {
    auto select = *db_.Prepare("SELECT seq, kind, ref, digest, hash FROM audit_chain ORDER BY seq");
    while (*select->Step()) {
      Row row{select->Int(0), select->Int(1), select->Int(2), {}};
      std::copy_n(select->Blob(3).begin(), row.digest.size(), row.digest.begin());
      if (row.seq < first) std::copy_n(select->Blob(4).begin(), hash.size(), hash.begin());
      if (row.seq >= first) rows.push_back(row);
    }
  }
  audit::Chain chain(first - 1, hash);
  auto update = *db_.Prepare("UPDATE audit_chain SET digest = $1, hash = $2 WHERE seq = $3");
  for (Row& row : rows) {
    if (row.kind == 1) row.digest = chain.DigestOf(audit::Kind::kExchange, Encode(Read(row.ref)));
    const auto link = chain.Add(static_cast<audit::Kind>(row.kind), row.ref, row.digest);
    update->BindBlob(1, audit::Bytes(link.digest));
    update->BindBlob(2, audit::Bytes(link.hash));
    update->BindInt(3, row.seq);
    Must(update->Run());
  }
}

inline audit::Checkpoint Hands::NewestCheckpointBefore(std::int64_t seq) {
  auto select = *db_.Prepare(fmt::format(
      "SELECT c.seq, c.at_ns, c.hash, c.signature, k.public, (SELECT value FROM meta WHERE key = "
      "'audit_store') FROM "
      "audit_checkpoints c JOIN audit_keys k ON k.id = c.key WHERE c.seq < {} ORDER BY c.seq DESC LIMIT 1",
      seq));
  audit::Checkpoint c;
  if (!*select->Step()) return c;
  c.seq = select->Int(0);
  c.at_unix_ns = select->Int(1);
  std::copy_n(select->Blob(2).begin(), c.hash.size(), c.hash.begin());
  std::copy_n(select->Blob(3).begin(), c.signature.size(), c.signature.begin());
  std::copy_n(select->Blob(4).begin(), c.key.size(), c.key.begin());
  c.store = static_cast<std::uint64_t>(select->Int(5));
  return c;
}

inline std::int64_t Hands::SignAnew(std::int64_t first) {
  auto signer = *audit::Signer::Open("");
  const auto store = static_cast<std::uint64_t>(Number("SELECT value FROM meta WHERE key = 'audit_store'"));
  auto key = *db_.Prepare("INSERT INTO audit_keys(id, public) VALUES(9, $1)");
  key->BindBlob(1, audit::Bytes(signer->public_key()));
  Must(key->Run());
  std::vector<std::pair<std::int64_t, audit::Digest>> at;
  {
    auto select = *db_.Prepare(
        "SELECT l.seq, l.hash FROM audit_chain l LEFT JOIN audit_checkpoints c ON c.seq = l.seq "
        "WHERE c.seq IS NOT NULL OR l.seq = (SELECT MAX(seq) FROM audit_chain) ORDER BY l.seq");
    while (*select->Step()) {
      audit::Digest hash{};
      std::copy_n(select->Blob(1).begin(), hash.size(), hash.begin());
      if (select->Int(0) >= first) at.emplace_back(select->Int(0), hash);
    }
  }
  auto update = *db_.Prepare(
      "UPDATE audit_checkpoints SET at_ns = 0, hash = $1, key = 9, signature = $2 WHERE seq = $3");
  for (const auto& [seq, hash] : at) {
    const auto c = audit::Seal(*signer, store, seq, hash, 0);
    update->BindBlob(1, audit::Bytes(c.hash));
    update->BindBlob(2, audit::Bytes(c.signature));
    update->BindInt(3, seq);
    Must(update->Run());
    if (seq == at.back().first) WriteHead(c);
  }
  return at.front().first;
}

}  // namespace baton::record
