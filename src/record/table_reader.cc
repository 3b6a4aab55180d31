#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "record/schema.h"
#include "record/table.h"

namespace baton::record {
namespace {

// What is not the server's or a worker's failure: the answer arrived, or nobody waited for it.
constexpr std::string_view kNotFailed = "('ok', 'client_gone')";

template <class Each>
std::string Columns(Each each) {
  std::string columns;
  each([&](Field f, const auto&) { columns += fmt::format(", {}", f.name); });
  return columns;
}

std::string RecordColumns() {
  static constexpr auto kEach = [](auto f) {
    const Provenance p;
    EachRecordColumn(p, f);
  };
  return Columns(kEach);
}

// Fills the fields from a row's columns, in the order of the list the SELECT was made from.
class RowReader {
 public:
  RowReader(const store::Statement& row, WordReader& words, int first)
      : row_(row), words_(words), next_(first) {}
  Status TakeStatus() { return std::move(status_); }

  void operator()(Field f, std::string& to) {
    const int column = next_++;
    if (f.store == Store::kText) {
      to.assign(row_.Text(column));
      return;
    }
    auto word = words_.Get(row_, column);
    if (word) {
      to = std::move(*word);
    } else if (status_) {
      status_ = std::move(word).error();
    }
  }
  void operator()(Field, double& to) { to = row_.Real(next_++); }
  void operator()(Field, std::int64_t& to) { to = row_.Int(next_++); }
  void operator()(Field, int& to) { to = static_cast<int>(row_.Int(next_++)); }
  void operator()(Field, bool& to) { to = row_.Int(next_++) != 0; }
  void operator()(Field, budget::Nanos& to) { to.v = row_.Int(next_++); }
  void operator()(Field, Duration& to) { to = std::chrono::microseconds(row_.Int(next_++)); }

 private:
  const store::Statement& row_;
  WordReader& words_;
  int next_;
  Status status_;
};

// A WHERE clause and its parameters.
struct Where {
  std::string sql;
  std::vector<std::string_view> texts;
  std::vector<std::pair<int, std::int64_t>> numbers;
  int count = 0;

  void Number(std::string_view condition, std::int64_t value) {
    Add(fmt::format(fmt::runtime(condition), ++count));
    numbers.emplace_back(count, value);
    texts.emplace_back();
  }
  void Word(std::string_view column, const std::string& value) {
    if (value.empty()) return;
    ++count;
    Add(fmt::format("{0} IN (${1}, (SELECT id FROM words WHERE text = ${1}))", column, count));
    texts.push_back(value);
  }
  void Add(const std::string& condition) { sql += (sql.empty() ? " WHERE " : " AND ") + condition; }
  void Bind(store::Statement& s) const {
    for (int i = 0; i < count; ++i) s.BindText(i + 1, texts[static_cast<std::size_t>(i)]);
    for (auto [parameter, value] : numbers) s.BindInt(parameter, value);
  }
};

std::string Failed() {
  return fmt::format("(outcome NOT IN {0} AND outcome NOT IN (SELECT id FROM words WHERE text IN {0}))",
                     kNotFailed);
}

Where Conditions(const LogFilter& f) {
  Where w;
  if (f.since_unix_ns) w.Number("id >= ${}", FirstIdAt(*f.since_unix_ns));
  if (f.until_unix_ns) w.Number("id < ${}", FirstIdAt(*f.until_unix_ns));
  if (f.before > 0) w.Number("id < ${}", f.before);
  w.Word("model", f.model);
  w.Word("worker", f.worker);
  w.Word("route", f.route);
  w.Word("tenant", f.tenant);
  w.Word("outcome", f.outcome);
  w.Word("contract", f.contract);
  if (f.errors_only) w.Add(Failed());
  return w;
}

}  // namespace

Result<std::unique_ptr<TableReader>> TableReader::Open(const store::OpenOptions& options) {
  TRY(auto db, store::OpenSqlite(options));
  TRY_VOID(PrepareSchema(*db, true));
  TRY(auto words, WordReader::Open(*db));
  std::unique_ptr<TableReader> reader(new TableReader(std::move(db), std::move(words)));
  const pool::CallRecord call;
  const StepRecord step;
  TRY(reader->calls_,
      reader->db_->Prepare(fmt::format("SELECT seq{} FROM calls WHERE exchange = $1 ORDER BY seq",
                                       Columns([&](auto f) { EachCallField(call, f); }))));
  TRY(reader->steps_,
      reader->db_->Prepare(fmt::format("SELECT seq{} FROM steps WHERE exchange = $1 ORDER BY seq",
                                       Columns([&](auto f) { EachStepColumn(step, f); }))));
  TRY(reader->feedback_,
      reader->db_->Prepare(
          "SELECT name, tenant, said_by, source, label, score_millionths, at_ns FROM feedback "
          "WHERE exchange = $1 ORDER BY seq"));
  return reader;
}

Status TableReader::ReadRow(const store::Statement& row, Provenance& to) {
  to.id = row.Int(0);
  RowReader reader(row, words_, 1);
  EachRecordColumn(to, reader);
  return reader.TakeStatus();
}

Status TableReader::ReadChildren(Provenance& to) {
  calls_->Reset();
  calls_->BindInt(1, to.id);
  for (;;) {
    TRY(const bool row, calls_->Step());
    if (!row) break;
    RowReader reader(*calls_, words_, 1);
    EachCallField(to.calls.emplace_back(), reader);
    TRY_VOID(reader.TakeStatus());
  }
  calls_->Reset();
  steps_->Reset();
  steps_->BindInt(1, to.id);
  for (;;) {
    TRY(const bool row, steps_->Step());
    if (!row) break;
    RowReader reader(*steps_, words_, 1);
    EachStepColumn(to.steps.emplace_back(), reader);
    TRY_VOID(reader.TakeStatus());
  }
  steps_->Reset();
  return {};
}

Status TableReader::ReadFeedback(Provenance& to) {
  feedback_->Reset();
  feedback_->BindInt(1, to.id);
  for (;;) {
    TRY(const bool row, feedback_->Step());
    if (!row) break;
    Feedback& f = to.feedback.emplace_back();
    f.exchange = to.id;
    f.name = feedback_->Text(0);
    f.tenant = feedback_->Text(1);
    f.by = feedback_->Text(2);
    f.source = feedback_->Text(3);
    f.label = feedback_->Text(4);
    f.score_millionths = feedback_->Int(5);
    f.at_unix_ns = feedback_->Int(6);
  }
  feedback_->Reset();
  return {};
}

Result<bool> TableReader::Read(ExchangeId id, Provenance& to) {
  if (!find_) {
    TRY(find_, db_->Prepare(fmt::format("SELECT id{} FROM exchanges WHERE id = $1", RecordColumns())));
  }
  find_->Reset();
  find_->BindInt(1, id);
  TRY(const bool row, find_->Step());
  if (row) {
    TRY_VOID(ReadRow(*find_, to));
    TRY_VOID(ReadChildren(to));
  }
  find_->Reset();  // or it would hold its view of the store, and the writer's checkpoints back
  return row;
}

Result<Provenance> TableReader::Find(ExchangeId id) {
  Provenance p;
  TRY(const bool found, Read(id, p));
  if (!found) {
    return Fail(Code::kNotFound,
                fmt::format("no exchange {} is recorded; it may be older than the store's retention",
                            FormatExchangeId(id)),
                "exchange_not_found");
  }
  TRY_VOID(ReadFeedback(p));
  return p;
}

Result<std::vector<Provenance>> TableReader::List(const LogFilter& filter) {
  Where where = Conditions(filter);
  TRY(auto select, db_->Prepare(fmt::format("SELECT id{} FROM exchanges{} ORDER BY id DESC LIMIT {}",
                                            RecordColumns(), where.sql, std::clamp(filter.limit, 1, 1000))));
  where.Bind(*select);
  std::vector<Provenance> list;
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) return list;
    TRY_VOID(ReadRow(*select, list.emplace_back()));
    TRY_VOID(ReadChildren(list.back()));
    TRY_VOID(ReadFeedback(list.back()));
  }
}

Result<Recorder::Totals> TableReader::Sum(const LogFilter& filter) {
  Where where = Conditions(filter);
  TRY(auto select, db_->Prepare(fmt::format(
                       "SELECT COUNT(*), COALESCE(SUM({}), 0), COALESCE(SUM(cost_nanos), 0), "
                       "COALESCE(SUM(input_tokens), 0), COALESCE(SUM(output_tokens), 0) FROM exchanges{}",
                       Failed(), where.sql)));
  where.Bind(*select);
  TRY(const bool row, select->Step());
  Recorder::Totals t;
  if (!row) return t;
  t.exchanges = select->Int(0);
  t.failures = select->Int(1);
  t.cost.v = select->Int(2);
  t.input_tokens = select->Int(3);
  t.output_tokens = select->Int(4);
  return t;
}

}  // namespace baton::record
