// The SQL of the record: rows in, rows out. One TableWriter exists per store, on the writer's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "record/fields.h"
#include "record/journal.h"
#include "record/ledger.h"
#include "record/recorder.h"
#include "record/words.h"
#include "store/database.h"

namespace baton::record {

// An INSERT that remembers what is bound: most columns repeat from row to row, and a binding that is there
// already costs a comparison instead of a look-up and two calls.
class InsertStatement {
 public:
  InsertStatement() = default;
  InsertStatement(std::unique_ptr<store::Statement> statement, int parameters)
      : statement_(std::move(statement)), bound_(static_cast<std::size_t>(parameters)) {}
  void Int(int parameter, std::int64_t value);
  void Real(int parameter, double value);
  // Must outlive Run().
  void Text(int parameter, std::string_view value);
  Status Word(int parameter, std::string_view text, Words& words);
  Status Run() { return statement_->Run(); }

 private:
  struct Bound {
    enum class Kind { kOther, kInt, kNull, kWord } kind = Kind::kOther;
    std::int64_t value = 0;
    const Words::Word* word = nullptr;
  };
  Bound& At(int parameter) { return bound_[static_cast<std::size_t>(parameter - 1)]; }
  std::unique_ptr<store::Statement> statement_;
  std::vector<Bound> bound_;
};

// What a journal entry is, beside an exchange: its id is then one of these.
inline constexpr ExchangeId kEventEntry = -1, kFeedbackEntry = -2, kContentEntry = -3, kErasureEntry = -4;

class TableWriter {
 public:
  // How far the store has read a journal. It stands in the store and changes in the same transaction as the
  // rows, so that no record is lost or doubled whenever the process dies.
  struct Progress {
    std::uint64_t journal = 0, seq = 0;
    std::int64_t rows = 0;
  };
  struct Inserted {
    std::size_t rows = 0, duplicates = 0, rejected = 0;
    std::size_t feedback = 0, feedback_repeated = 0, contents = 0;
  };

  // Creates or migrates the tables where needed. `signer` and `clock` must outlive the object.
  static Result<std::unique_ptr<TableWriter>> Open(std::unique_ptr<store::Database> db,
                                                   const audit::Signer& signer, const Clock& clock);
  const Progress& progress() const { return progress_; }
  Ledger& ledger() { return *ledger_; }
  // A checkpoint under everything, in a transaction of its own. Same rule on errors.
  Status Seal();
  // An event of the recorder's own. The same.
  Status Note(const audit::Event& event);
  // One transaction. On an error nothing was written, as far as can be known: throw this object away and open
  // another one, whose progress() says what was.
  Result<Inserted> Insert(std::span<const Journal::Entry> entries, std::uint64_t journal);
  // Deletes at most `max` of the oldest exchanges with ids below `before`; gives how many. Same rule on
  // errors.
  Result<std::int64_t> DeleteOldest(ExchangeId before, std::int64_t max);

 private:
  explicit TableWriter(std::unique_ptr<store::Database> db) : db_(std::move(db)) {}
  Status LoadProgress();
  Status PrepareStatements();
  Status InsertEntry(const Journal::Entry& entry, Inserted& done);
  Status InsertExchange(std::string_view payload, Inserted& done);
  Status ForgetRejected(ExchangeId id);
  Status InsertChildren(const RecordView& record);
  Result<ExchangeId> LastOfOldest(ExchangeId before, std::int64_t max);
  Status SaveProgress(const Progress& next);

  std::unique_ptr<store::Database> db_;  // above the statements: destroyed after them
  Words words_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<char[]> canonical_;  // kMaxRecordBytes
  InsertStatement exchange_, call_, step_;
  std::unique_ptr<store::Statement> save_;
  Progress progress_;
  RecordView view_;
};

// Reads through one connection; on one thread at a time.
class TableReader {
 public:
  static Result<std::unique_ptr<TableReader>> Open(const store::OpenOptions& options);
  Result<Provenance> Find(ExchangeId id);
  // The same without its feedback, into `to`, which is empty; false: it is not there.
  Result<bool> Read(ExchangeId id, Provenance& to);
  store::Database& database() { return *db_; }
  Result<std::vector<Provenance>> List(const LogFilter& filter);
  Result<Recorder::Totals> Sum(const LogFilter& filter);

 private:
  TableReader(std::unique_ptr<store::Database> db, WordReader words)
      : db_(std::move(db)), words_(std::move(words)) {}
  Status ReadRow(const store::Statement& row, Provenance& to);
  Status ReadChildren(Provenance& to);
  Status ReadFeedback(Provenance& to);

  std::unique_ptr<store::Database> db_;
  WordReader words_;
  std::unique_ptr<store::Statement> find_, calls_, steps_, feedback_;
};

}  // namespace baton::record
