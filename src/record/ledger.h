// The audit chain's tables: links, events, feedback, contents, checkpoints. Part of TableWriter, inside its
// transactions and on its thread, so that a row and its link are there together or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "audit/chain.h"
#include "audit/checkpoint.h"
#include "audit/event.h"
#include "base/clock.h"
#include "record/content.h"
#include "record/feedback.h"
#include "store/database.h"

namespace baton::record {

class Ledger {
 public:
  static constexpr std::int64_t kRowsPerCheckpoint = 512;

  // Reads where the chain ends; begins it in a transaction of its own where there is none. `db`, `signer` and
  // `clock` must outlive the ledger.
  static Result<std::unique_ptr<Ledger>> Open(store::Database& db, const audit::Signer& signer,
                                              const Clock& clock);

  // All but Head() inside a transaction. After an error the object is of no more use.
  Status AddExchange(ExchangeId id, std::string_view canonical);
  Status AddEvent(const audit::Event& event);
  // False: this feedback is there already, or the exchange has too much of it.
  Result<bool> AddFeedback(const Feedback& feedback);
  Status AddContent(const Content& content);
  // The bytes of a tenant's contents, or of one exchange's, go; rows and links stay.
  Status EraseContent(const Erasure& erasure);
  // A checkpoint when one is due, or (`now`) whenever something is not covered yet.
  Status Checkpoint(bool now);
  // `deleted` exchanges with ids up to `last` are gone: so is what belongs to them, and the chain up to the
  // newest checkpoint before the first link that still stands for an exchange.
  Status Forget(ExchangeId last, std::int64_t deleted);

  // Signs where the chain stands.
  audit::Checkpoint Head() const;
  std::uint64_t store() const { return store_; }
  std::int64_t seq() const { return chain_.seq(); }
  std::int64_t uncovered() const { return chain_.seq() - checkpoint_; }
  // The hash of that link, if it is there.
  Result<std::optional<audit::Digest>> HashAt(std::int64_t seq);

 private:
  Ledger(store::Database& db, const audit::Signer& signer, const Clock& clock)
      : db_(db), signer_(signer), clock_(clock) {}
  Status Load();
  Status Prepare();
  Status Begin();
  Status KnowKey();
  Status AddLink(audit::Kind kind, std::int64_t ref, const audit::Digest& digest);
  Status Cut(std::int64_t cut);
  Result<std::int64_t> FirstStanding(ExchangeId last);
  // The one number a query gives.
  Result<std::int64_t> Number(std::string_view sql, std::optional<std::int64_t> parameter = {});
  Status Change(std::string_view sql, std::int64_t parameter);

  store::Database& db_;
  const audit::Signer& signer_;
  const Clock& clock_;
  std::uint64_t store_ = 0;
  std::int64_t key_ = 0;         // number of the signer's key in audit_keys
  std::int64_t checkpoint_ = 0;  // seq of the last one
  audit::Chain chain_;
  std::unique_ptr<store::Statement> link_, event_, feedback_, content_;
};

}  // namespace baton::record
