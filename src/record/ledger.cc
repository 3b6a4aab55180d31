// Problem: an auditor must be able to tell, without trusting the store, that no row was changed, added, moved
// or taken away. Every row that matters gets a link (its digest, and a hash over the link before), in the
// order of the commits; the server signs the chain now and then.
//
// Options for where the chain grows: on the request path (a lock and a hash there, and two replies that end
// together must agree on an order), or in the writer, which has an order anyway and one transaction for many
// records. We chose the writer: a reply pays nothing, a killed process loses nothing, since what the journal
// kept is chained when it is written. The cost is 90 bytes and about 2 us of the writer's time per exchange.
//
// Retention cuts the chain at a checkpoint: its signature vouches for what was before. Exchanges go by age
// and links by commit, two orders that differ a little, so some links outlive their row; the retention event
// in the chain says up to which id rows are meant to be gone.
#include "record/ledger.h"

#include <fmt/format.h>

#include "base/random.h"
#include "store/database.h"

namespace baton::record {
namespace {

using audit::Bytes;
using audit::Kind;

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::Open(store::Database& db, const audit::Signer& signer,
                                             const Clock& clock) {
  std::unique_ptr<Ledger> ledger(new Ledger(db, signer, clock));
  TRY_VOID(ledger->Load());
  TRY_VOID(ledger->Prepare());
  if (ledger->seq() == 0 || ledger->key_ == 0) {
    TRY(auto tx, store::Transaction::Begin(db));
    if (ledger->seq() == 0) TRY_VOID(ledger->Begin());
    if (ledger->key_ == 0) TRY_VOID(ledger->KnowKey());
    TRY_VOID(tx.Commit());
  }
  return ledger;
}

Status Ledger::Load() {
  TRY(const std::int64_t store, Number("SELECT value FROM meta WHERE key = 'audit_store'"));
  store_ = static_cast<std::uint64_t>(store);
  TRY(auto last, db_.Prepare("SELECT seq, hash FROM audit_chain ORDER BY seq DESC LIMIT 1"));
  TRY(const bool row, last->Step());
  if (row) {
    audit::Digest hash{};
    const auto bytes = last->Blob(1);
    std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
    chain_ = audit::Chain(last->Int(0), hash);
  }
  TRY(checkpoint_, Number("SELECT COALESCE(MAX(seq), 0) FROM audit_checkpoints"));
  TRY(auto key, db_.Prepare("SELECT id FROM audit_keys WHERE public = $1"));
  key->BindBlob(1, Bytes(signer_.public_key()));
  TRY(const bool known, key->Step());
  if (known) key_ = key->Int(0);
  return {};
}

Status Ledger::Prepare() {
  TRY(link_, db_.Prepare("INSERT INTO audit_chain(seq, kind, ref, digest, hash) VALUES($1, $2, $3, $4, $5)"));
  TRY(event_, db_.Prepare("INSERT INTO audit_events(seq, at_ns, actor, action, target, detail) "
                          "VALUES($1, $2, $3, $4, $5, $6)"));
  TRY(feedback_,
      db_.Prepare("INSERT INTO feedback(seq, exchange, name, tenant, said_by, source, label, "
                  "score_millionths, at_ns) "
                  "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 "
                  "WHERE (SELECT COUNT(*) FROM feedback WHERE exchange = $2) < $10 ON CONFLICT DO NOTHING"));
  TRY(content_,
      db_.Prepare("INSERT INTO contents(seq, exchange, tenant, form, data) VALUES($1, $2, $3, $4, $5)"));
  return {};
}

// The first link says what the chain does not cover: exchanges that were recorded before there was one.
Status Ledger::Begin() {
  store_ = EntropySeed();
  TRY_VOID(Change("UPDATE meta SET value = $1 WHERE key = 'audit_store'", static_cast<std::int64_t>(store_)));
  TRY(const std::int64_t before, Number("SELECT COUNT(*) FROM exchanges"));
  TRY(const std::int64_t last, Number("SELECT COALESCE(MAX(id), 0) FROM exchanges"));
  return AddEvent({clock_.UnixNanos(), "server", "chain_begin", fmt::format("{:016x}", store_),
                   fmt::format(R"({{"uncovered":{},"last":{}}})", before, last)});
}

Status Ledger::KnowKey() {
  TRY(key_, Number("SELECT COALESCE(MAX(id), 0) + 1 FROM audit_keys"));
  TRY(auto insert, db_.Prepare("INSERT INTO audit_keys(id, public) VALUES($1, $2)"));
  insert->BindInt(1, key_);
  insert->BindBlob(2, Bytes(signer_.public_key()));
  TRY_VOID(insert->Run());
  return AddEvent({clock_.UnixNanos(), "server", "audit_key", audit::Fingerprint(signer_.public_key()),
                   fmt::format(R"({{"number":{},"public":"{}"}})", key_, audit::Hex(signer_.public_key()))});
}

Status Ledger::AddLink(Kind kind, std::int64_t ref, const audit::Digest& digest) {
  const audit::Link link = chain_.Add(kind, ref, digest);
  link_->BindInt(1, link.seq);
  link_->BindInt(2, static_cast<std::int64_t>(link.kind));
  link_->BindInt(3, link.ref);
  link_->BindBlob(4, Bytes(link.digest));
  link_->BindBlob(5, Bytes(link.hash));
  return link_->Run();
}

Status Ledger::AddExchange(ExchangeId id, std::string_view canonical) {
  return AddLink(Kind::kExchange, id, chain_.DigestOf(Kind::kExchange, canonical));
}

Status Ledger::AddEvent(const audit::Event& given) {
  // As it is kept: its texts have limits.
  const std::string canonical = Encode(given);
  TRY(const audit::Event event, audit::DecodeEvent(canonical));
  event_->BindInt(1, chain_.seq() + 1);
  event_->BindInt(2, event.at_unix_ns);
  event_->BindText(3, event.actor);
  event_->BindText(4, event.action);
  event_->BindText(5, event.target);
  event_->BindText(6, event.detail);
  TRY_VOID(event_->Run());
  return AddLink(Kind::kEvent, 0, chain_.DigestOf(Kind::kEvent, canonical));
}

Result<bool> Ledger::AddFeedback(const Feedback& f) {
  feedback_->BindInt(1, chain_.seq() + 1);
  feedback_->BindInt(2, f.exchange);
  feedback_->BindText(3, f.name);
  feedback_->BindText(4, f.tenant);
  feedback_->BindText(5, f.by);
  feedback_->BindText(6, f.source);
  feedback_->BindText(7, f.label);
  feedback_->BindInt(8, f.score_millionths);
  feedback_->BindInt(9, f.at_unix_ns);
  feedback_->BindInt(10, kMaxFeedback);
  TRY_VOID(feedback_->Run());
  if (db_.Changes() == 0) return false;
  TRY_VOID(AddLink(Kind::kFeedback, f.exchange, chain_.DigestOf(Kind::kFeedback, Encode(f))));
  return true;
}

Status Ledger::AddContent(const Content& c) {
  content_->BindInt(1, chain_.seq() + 1);
  content_->BindInt(2, c.exchange);
  content_->BindText(3, c.tenant);
  content_->BindInt(4, static_cast<std::int64_t>(c.form));
  content_->BindBlob(5, c.data);
  TRY_VOID(content_->Run());
  return AddLink(Kind::kContent, c.exchange, chain_.DigestOf(Kind::kContent, Encode(c)));
}

Status Ledger::EraseContent(const Erasure& e) {
  const bool one = e.exchange != 0;
  TRY(auto erase,
      db_.Prepare(fmt::format("UPDATE contents SET data = NULL WHERE data IS NOT NULL AND {} = $1",
                              one ? "exchange" : "tenant")));
  if (one) {
    erase->BindInt(1, e.exchange);
  } else {
    erase->BindText(1, e.tenant);
  }
  TRY_VOID(erase->Run());
  const std::int64_t rows = db_.Changes();
  // What is said here explains for ever why contents with links before this one are empty.
  return AddEvent({e.at_unix_ns, e.by, "erase", one ? FormatExchangeId(e.exchange) : e.tenant,
                   fmt::format(R"({{"contents":{},"exchange":{}}})", rows, e.exchange)});
}

Status Ledger::Checkpoint(bool now) {
  if (uncovered() == 0 || (!now && uncovered() < kRowsPerCheckpoint)) return {};
  const audit::Checkpoint c = Head();
  TRY(auto insert, db_.Prepare("INSERT INTO audit_checkpoints(seq, at_ns, hash, key, signature) "
                               "VALUES($1, $2, $3, $4, $5)"));
  insert->BindInt(1, c.seq);
  insert->BindInt(2, c.at_unix_ns);
  insert->BindBlob(3, Bytes(c.hash));
  insert->BindInt(4, key_);
  insert->BindBlob(5, Bytes(c.signature));
  TRY_VOID(insert->Run());
  checkpoint_ = c.seq;
  return {};
}

Status Ledger::Forget(ExchangeId last, std::int64_t deleted) {
  TRY_VOID(Change("DELETE FROM feedback WHERE exchange <= $1", last));
  TRY_VOID(Change("DELETE FROM contents WHERE exchange <= $1", last));
  TRY(const std::int64_t first, FirstStanding(last));
  TRY(const std::int64_t cut,
      Number("SELECT COALESCE(MAX(seq), 0) FROM audit_checkpoints WHERE seq < $1", first));
  TRY_VOID(AddEvent({clock_.UnixNanos(), "server", "retention", FormatExchangeId(last),
                     fmt::format(R"({{"exchanges":{},"last":{},"cut":{}}})", deleted, last, cut)}));
  return cut > 0 ? Cut(cut) : Status();
}

// The first link whose exchange is kept; behind the end where there is none.
Result<std::int64_t> Ledger::FirstStanding(ExchangeId last) {
  TRY(const std::int64_t first, Number("SELECT COALESCE((SELECT seq FROM audit_chain WHERE kind = 1 AND ref "
                                       "> $1 ORDER BY seq LIMIT 1), 0)",
                                       last));
  return first > 0 ? first : chain_.seq() + 1;
}

// The checkpoint itself stays: it is what the rest hangs on.
Status Ledger::Cut(std::int64_t cut) {
  for (const char* table : {"audit_chain", "audit_events", "feedback", "contents"})
    TRY_VOID(Change(fmt::format("DELETE FROM {} WHERE seq <= $1", table), cut));
  return Change("DELETE FROM audit_checkpoints WHERE seq < $1", cut);
}

audit::Checkpoint Ledger::Head() const {
  return audit::Seal(signer_, store_, chain_.seq(), chain_.hash(), clock_.UnixNanos());
}

Result<std::optional<audit::Digest>> Ledger::HashAt(std::int64_t seq) {
  TRY(auto select, db_.Prepare("SELECT hash FROM audit_chain WHERE seq = $1"));
  select->BindInt(1, seq);
  TRY(const bool row, select->Step());
  audit::Digest hash{};
  if (!row || select->Blob(0).size() != hash.size()) return std::optional<audit::Digest>();
  std::copy_n(select->Blob(0).begin(), hash.size(), hash.begin());
  return std::optional<audit::Digest>(hash);
}

Result<std::int64_t> Ledger::Number(std::string_view sql, std::optional<std::int64_t> parameter) {
  TRY(auto select, db_.Prepare(sql));
  if (parameter) select->BindInt(1, *parameter);
  TRY(const bool row, select->Step());
  return row ? select->Int(0) : 0;
}

Status Ledger::Change(std::string_view sql, std::int64_t parameter) {
  TRY(auto statement, db_.Prepare(sql));
  statement->BindInt(1, parameter);
  return statement->Run();
}

}  // namespace baton::record
