#include <fmt/format.h>

#include <cmath>

#include "record/encode.h"
#include "record/schema.h"
#include "record/table.h"

namespace baton::record {
namespace {

// "INSERT INTO exchanges(id, request_id, ...) VALUES($1, $2, ...) ON CONFLICT DO NOTHING", from a list of
// fields.
template <class Each>
Result<InsertStatement> PrepareInsert(store::Database& db, std::string_view table, std::string_view keys,
                                      int key_count, Each each) {
  std::string columns(keys), values;
  int n = key_count;
  for (int i = 1; i <= n; ++i) values += fmt::format("{}${}", i == 1 ? "" : ", ", i);
  each([&](Field f, const auto&) {
    columns += fmt::format(", {}", f.name);
    values += fmt::format(", ${}", ++n);
  });
  TRY(auto statement, db.Prepare(fmt::format("INSERT INTO {}({}) VALUES({}) ON CONFLICT DO NOTHING", table,
                                             columns, values)));
  return InsertStatement(std::move(statement), n);
}

// Binds one field after the other, in the order of the list the statement was made from.
class Binder {
 public:
  Binder(InsertStatement& statement, Words& words, int keys) : s_(statement), words_(words), next_(keys) {}
  Status TakeStatus() { return std::move(status_); }

  void operator()(Field f, std::string_view text) {
    ++next_;
    if (f.store == Store::kText) {
      s_.Text(next_, text);
    } else if (auto bound = s_.Word(next_, text, words_); !bound && status_) {
      status_ = std::move(bound);
    }
  }
  void operator()(Field, double v) { s_.Real(++next_, v); }
  void operator()(Field, std::int64_t v) { s_.Int(++next_, v); }
  void operator()(Field, int v) { s_.Int(++next_, v); }
  void operator()(Field, bool v) { s_.Int(++next_, v); }
  void operator()(Field, budget::Nanos v) { s_.Int(++next_, v.v); }
  void operator()(Field, Duration v) { s_.Int(++next_, v.count() / 1000); }

 private:
  InsertStatement& s_;
  Words& words_;
  int next_;
  Status status_;
};

}  // namespace

void InsertStatement::Int(int parameter, std::int64_t value) {
  Bound& b = At(parameter);
  if (b.kind == Bound::Kind::kInt && b.value == value) return;
  b = {Bound::Kind::kInt, value, nullptr};
  statement_->BindInt(parameter, value);
}

void InsertStatement::Real(int parameter, double value) {
  At(parameter) = {};
  statement_->BindReal(parameter, value);
}

void InsertStatement::Text(int parameter, std::string_view value) {
  At(parameter) = {};
  statement_->BindText(parameter, value);
}

Status InsertStatement::Word(int parameter, std::string_view text, Words& words) {
  Bound& b = At(parameter);
  if (text.empty()) {
    if (b.kind != Bound::Kind::kNull) statement_->BindNull(parameter);
    b = {Bound::Kind::kNull, 0, nullptr};
    return {};
  }
  if (b.kind == Bound::Kind::kWord && b.word->first == text) return {};
  TRY(const Words::Word* word, words.Get(text));
  if (!word) {
    Text(parameter, text);
    return {};
  }
  b = {Bound::Kind::kWord, 0, word};
  statement_->BindInt(parameter, word->second);
  return {};
}

Result<std::unique_ptr<TableWriter>> TableWriter::Open(std::unique_ptr<store::Database> db,
                                                       const audit::Signer& signer, const Clock& clock) {
  TRY_VOID(PrepareSchema(*db));
  std::unique_ptr<TableWriter> table(new TableWriter(std::move(db)));
  TRY_VOID(table->LoadProgress());
  TRY_VOID(table->PrepareStatements());
  TRY(table->ledger_, Ledger::Open(*table->db_, signer, clock));
  table->canonical_.reset(new char[kMaxRecordBytes]);
  return table;
}

Status TableWriter::LoadProgress() {
  TRY(auto select, db_->Prepare("SELECT journal, seq, row_count FROM progress"));
  TRY(const bool row, select->Step());
  if (!row)
    return Fail(Code::kInternal, "the store has lost its progress row; restore a copy of it",
                "store_corrupt");
  progress_.journal = static_cast<std::uint64_t>(select->Int(0));
  progress_.seq = static_cast<std::uint64_t>(select->Int(1));
  progress_.rows = select->Int(2);
  return {};
}

Status TableWriter::PrepareStatements() {
  const RecordView record;
  const CallView call;
  const StepView step;
  TRY(words_, Words::Load(*db_));
  TRY(exchange_, PrepareInsert(*db_, "exchanges", "id", 1, [&](auto f) { EachRecordColumn(record, f); }));
  TRY(call_, PrepareInsert(*db_, "calls", "exchange, seq", 2, [&](auto f) { EachCallField(call, f); }));
  TRY(step_, PrepareInsert(*db_, "steps", "exchange, seq", 2, [&](auto f) { EachStepColumn(step, f); }));
  TRY(save_, db_->Prepare("UPDATE progress SET journal = $1, seq = $2, row_count = $3"));
  return {};
}

Status TableWriter::SaveProgress(const Progress& next) {
  save_->BindInt(1, static_cast<std::int64_t>(next.journal));
  save_->BindInt(2, static_cast<std::int64_t>(next.seq));
  save_->BindInt(3, next.rows);
  return save_->Run();
}

Result<TableWriter::Inserted> TableWriter::Insert(std::span<const Journal::Entry> entries,
                                                  std::uint64_t journal) {
  Inserted done;
  TRY(auto tx, store::Transaction::Begin(*db_));
  for (const auto& entry : entries) {
    auto one = InsertEntry(entry, done);
    if (one) continue;
    const bool only_this = one.error().code == Code::kInvalidRequest;
    if (!only_this) return std::move(one).error();
    ++done.rejected;
    if (entry.id >= 0) TRY_VOID(ForgetRejected(entry.id));
  }
  Progress next = progress_;
  next.rows += static_cast<std::int64_t>(done.rows);
  if (!entries.empty()) {
    next.journal = journal;
    next.seq = entries.back().seq;
  }
  TRY_VOID(ledger_->Checkpoint(false));
  TRY_VOID(SaveProgress(next));
  TRY_VOID(tx.Commit());
  progress_ = next;
  return done;
}

Status TableWriter::Seal() {
  if (ledger_->uncovered() == 0) return {};
  TRY(auto tx, store::Transaction::Begin(*db_));
  TRY_VOID(ledger_->Checkpoint(true));
  return tx.Commit();
}

Status TableWriter::Note(const audit::Event& event) {
  TRY(auto tx, store::Transaction::Begin(*db_));
  TRY_VOID(ledger_->AddEvent(event));
  return tx.Commit();
}

Status TableWriter::InsertEntry(const Journal::Entry& entry, Inserted& done) {
  switch (entry.id) {
    case kEventEntry: {
      TRY(const auto event, audit::DecodeEvent(entry.payload));
      return ledger_->AddEvent(event);
    }
    case kFeedbackEntry: {
      TRY(const auto feedback, DecodeFeedback(entry.payload));
      TRY(const bool fresh, ledger_->AddFeedback(feedback));
      ++(fresh ? done.feedback : done.feedback_repeated);
      return {};
    }
    case kContentEntry: {
      TRY(const auto content, DecodeContent(entry.payload));
      ++done.contents;
      return ledger_->AddContent(content);
    }
    case kErasureEntry: {
      TRY(const auto erasure, DecodeErasure(entry.payload));
      return ledger_->EraseContent(erasure);
    }
    default:
      return InsertExchange(entry.payload, done);
  }
}

// Some of a record's rows may be there when another of them was refused.
Status TableWriter::ForgetRejected(ExchangeId id) {
  for (const char* sql : {"DELETE FROM calls WHERE exchange = $1", "DELETE FROM steps WHERE exchange = $1",
                          "DELETE FROM exchanges WHERE id = $1"}) {
    TRY(auto statement, db_->Prepare(sql));
    statement->BindInt(1, id);
    TRY_VOID(statement->Run());
  }
  return {};
}

Status TableWriter::InsertExchange(std::string_view payload, Inserted& done) {
  TRY_VOID(Decode(payload, view_));
  if (view_.propensity == 0 || std::isnan(view_.propensity)) view_.propensity = 0;
  exchange_.Int(1, view_.id);
  Binder binder(exchange_, words_, 1);
  EachRecordColumn(view_, binder);
  TRY_VOID(binder.TakeStatus());
  TRY_VOID(exchange_.Run());
  if (db_->Changes() == 0) {
    ++done.duplicates;
    return {};
  }
  TRY_VOID(InsertChildren(view_));
  // The digest is made over what was decoded, not over the payload: an earlier version may have written that
  // in another form.
  const std::size_t size = Encode(view_, canonical_.get());
  TRY_VOID(ledger_->AddExchange(view_.id, {canonical_.get(), size}));
  ++done.rows;
  return {};
}

Status TableWriter::InsertChildren(const RecordView& record) {
  std::int64_t seq = 0;
  for (const CallView& call : record.calls) {
    call_.Int(1, record.id);
    call_.Int(2, seq++);
    Binder binder(call_, words_, 2);
    EachCallField(call, binder);
    TRY_VOID(binder.TakeStatus());
    TRY_VOID(call_.Run());
  }
  seq = 0;
  for (const StepView& step : record.steps) {
    step_.Int(1, record.id);
    step_.Int(2, seq++);
    Binder binder(step_, words_, 2);
    EachStepColumn(step, binder);
    TRY_VOID(binder.TakeStatus());
    TRY_VOID(step_.Run());
  }
  return {};
}

Result<ExchangeId> TableWriter::LastOfOldest(ExchangeId before, std::int64_t max) {
  TRY(auto select, db_->Prepare("SELECT COALESCE(MAX(id), -1) FROM (SELECT id FROM exchanges WHERE id < $1 "
                                "ORDER BY id LIMIT $2) AS oldest"));
  select->BindInt(1, before);
  select->BindInt(2, max);
  TRY(const bool row, select->Step());
  return row ? select->Int(0) : -1;
}

Result<std::int64_t> TableWriter::DeleteOldest(ExchangeId before, std::int64_t max) {
  TRY(const ExchangeId last, LastOfOldest(before, max));
  if (last < 0) return 0;
  std::int64_t deleted = 0;
  {
    TRY(auto tx, store::Transaction::Begin(*db_));
    for (const char* sql :
         {"DELETE FROM calls WHERE exchange <= $1", "DELETE FROM steps WHERE exchange <= $1",
          "DELETE FROM exchanges WHERE id <= $1"}) {
      TRY(auto statement, db_->Prepare(sql));
      statement->BindInt(1, last);
      TRY_VOID(statement->Run());
      deleted = db_->Changes();
    }
    TRY_VOID(ledger_->Forget(last, deleted));
    Progress next = progress_;
    next.rows -= deleted;
    TRY_VOID(SaveProgress(next));
    TRY_VOID(tx.Commit());
    progress_ = next;
  }
  // About what the rows took; more would make one step long.
  TRY_VOID(db_->Shrink(64));
  return deleted;
}

}  // namespace baton::record
