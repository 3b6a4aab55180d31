#include "record/recorder.h"

#include <fmt/format.h>

#include "audit/head.h"
#include "record/encode.h"
#include "record/journal.h"
#include "record/open.h"
#include "record/table.h"
#include "record/writer.h"

namespace baton::record {
namespace {

constexpr std::string_view kMemory = ":memory:";
constexpr Duration kReplayWait = std::chrono::milliseconds(100);
constexpr int kReplayWaits = 20;
// Links of a chain that has just begun: its first event and its key's. No head was written under them yet.
constexpr std::int64_t kFirstLinks = 2;

class LiveRecorder : public Recorder {
 public:
  LiveRecorder(RecorderOptions options, const Clock& clock, Metrics* metrics, Log log)
      : options_(std::move(options)), clock_(clock), metrics_(metrics), log_(std::move(log)) {
    store_ = StoreAt(options_.path, store::Mode::kCreate, options_.faults);
    // A private name per recorder: two of them in one process must not meet.
    if (memory()) store_.path = fmt::format("{}baton-{}", kMemory, fmt::ptr(this));
  }

  Status Start();
  bool Submit(Provenance record) override;
  bool Append(audit::Event event) override {
    if (event.at_unix_ns == 0) event.at_unix_ns = clock_.UnixNanos();
    return Add(kEventEntry, Encode(event));
  }
  bool AddFeedback(Feedback feedback) override { return Add(kFeedbackEntry, Encode(feedback)); }
  bool AddContent(Content content) override { return Add(kContentEntry, Encode(content)); }
  bool EraseContent(Erasure erasure) override { return Add(kErasureEntry, Encode(erasure)); }
  bool HasRoom() const override { return journal_->HasRoom(); }
  audit::Digest digest_key() const override;
  void Flush(std::function<void()> done) override { writer_->Flush(std::move(done)); }
  Result<Provenance> Find(ExchangeId id) const override;
  Result<std::vector<Provenance>> List(const LogFilter& filter) const override {
    TRY(auto reader, OpenReader());
    return reader->List(filter);
  }
  Result<Totals> Sum(const LogFilter& filter) const override {
    TRY(auto reader, OpenReader());
    return reader->Sum(filter);
  }
  std::uint64_t dropped() const override { return dropped_.load(); }

 private:
  bool memory() const { return options_.path == kMemory; }
  void Catch(const TableWriter::Progress& progress);
  void WaitForReplay();
  void CountFull();
  bool Add(ExchangeId kind, std::string_view payload);
  Status OpenAudit();
  Status CompareHead(TableWriter& table);
  Result<std::unique_ptr<TableReader>> OpenReader() const {
    return TableReader::Open(StoreAt(store_.path, store::Mode::kReadOnly, nullptr));
  }

  const RecorderOptions options_;
  const Clock& clock_;
  RecordMetrics metrics_;
  const Log log_;
  store::OpenOptions store_;
  std::unique_ptr<store::Database> anchor_;  // keeps an in-memory store alive while the writer reopens it
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<audit::Signer> signer_;
  std::unique_ptr<audit::HeadFile> head_;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::atomic<std::int64_t> next_complaint_ = 0;  // nanoseconds of the monotonic clock
  std::unique_ptr<Writer> writer_;                // last: its thread uses all of the above
};

Status LiveRecorder::Start() {
  // The store first: a file of another program is refused before a journal is laid beside it.
  TRY(auto db, store::OpenSqlite(store_));
  JournalOptions journal;
  journal.path = memory() ? std::string() : options_.path + ".queue";
  journal.bytes = options_.queue_bytes;
  journal.max_records = options_.max_queue;
  TRY(journal_, Journal::Open(journal));
  if (memory()) {
    TRY(anchor_, store::OpenSqlite(StoreAt(store_.path, store::Mode::kCreate, nullptr)));
  }
  TRY_VOID(OpenAudit());
  TRY(auto table, TableWriter::Open(std::move(db), *signer_, clock_));
  if (!memory()) TRY_VOID(CompareHead(*table));
  Catch(table->progress());
  writer_ = std::make_unique<Writer>(options_, store_, std::move(table), *journal_, *signer_, *head_, clock_,
                                     metrics_, dropped_, log_);
  WaitForReplay();
  return {};
}

Status LiveRecorder::OpenAudit() {
  const std::string key = options_.audit_key.empty() ? audit::KeyPath(options_.path) : options_.audit_key;
  TRY(signer_, audit::Signer::Open(memory() ? std::string() : key));
  TRY(head_, audit::HeadFile::Open(memory() ? std::string() : audit::HeadPath(options_.path)));
  return {};
}

// Signatures of Ed25519 are a function of key and message, so this one is a secret of whoever holds the key.
audit::Digest LiveRecorder::digest_key() const {
  const audit::Signature s = signer_->Sign("baton prompt digests 1");
  return audit::Hasher().Add(audit::Bytes(s)).Finish();
}

// The head file is written after the commit it speaks of, so a store that ends before it has lost rows: by a
// power cut (the last seconds of a WAL are not flushed) or by somebody's hand. That is told now and stays in
// the chain; the server goes on.
Status LiveRecorder::CompareHead(TableWriter& table) {
  auto read = audit::ReadHead(audit::HeadPath(options_.path));
  std::string wrong;
  if (!read) {
    wrong = "head_damaged";
  } else if (*read) {
    const audit::Checkpoint& head = **read;
    if (head.store != table.ledger().store()) {
      wrong = "another_store";
    } else if (head.seq > table.ledger().seq()) {
      wrong = "rows_missing";
    } else {
      TRY(const auto hash, table.ledger().HashAt(head.seq));
      if (hash && *hash != head.hash) wrong = "rows_changed";
    }
  } else if (table.ledger().seq() > kFirstLinks) {
    wrong = "head_missing";
  }
  if (wrong.empty()) return {};
  const std::int64_t head_seq = read && *read ? (*read)->seq : 0;
  log_.Err(
      "event=audit_gap reason={} head={} chain={} note=\"what the audit head file vouches for is not what "
      "the "
      "store holds\"",
      wrong, head_seq, table.ledger().seq());
  return table.Note({clock_.UnixNanos(), "server", "chain_gap", wrong,
                     fmt::format(R"({{"head":{},"chain":{}}})", head_seq, table.ledger().seq())});
}

// Finds where the store stopped reading this journal. A journal the store does not know (one of the two files
// was replaced) is read from its beginning: rows that are there already are recognised by their id.
void LiveRecorder::Catch(const TableWriter::Progress& progress) {
  journal_->StartAfter(progress.seq);
  if (progress.journal == journal_->id()) journal_->Release(progress.seq);
  for (const auto& damage : journal_->recovery().damages) {
    log_.Err("event=journal_damaged note=\"{}\"", damage);
    metrics_.dropped_damaged.Add();
    dropped_.fetch_add(1);
  }
  if (const std::size_t n = journal_->depth(); n > 0) {
    metrics_.replayed.Add(static_cast<double>(n));
    log_.Info("event=record_replay records={} note=\"left by an earlier process\"", n);
  }
}

// So that whoever lists right after a restart sees everything. A store that cannot be written must not keep
// the server from starting: then the records follow later.
void LiveRecorder::WaitForReplay() {
  if (journal_->depth() == 0) return;
  struct Shared {
    Mutex m;
    CondVar changed;
    bool done = false;
  };
  auto shared = std::make_shared<Shared>();
  writer_->Flush([shared] {
    MutexLock lock(shared->m);
    shared->done = true;
    shared->changed.NotifyOne();
  });
  MutexLock lock(shared->m);
  for (int i = 0; i < kReplayWaits && !shared->done; ++i) shared->changed.WaitFor(lock, kReplayWait);
}

bool LiveRecorder::Submit(Provenance record) {
  // One buffer per thread, never cleared, of which only the touched pages take memory: encoding asks for
  // none.
  thread_local const std::unique_ptr<char[]> bytes(new char[kMaxRecordBytes]);
  const std::size_t size = Encode(record, bytes.get());
  if (!journal_->Append(record.id, {bytes.get(), size})) {
    CountFull();
    return false;
  }
  writer_->Wake();
  return true;
}

bool LiveRecorder::Add(ExchangeId kind, std::string_view payload) {
  if (!journal_->Append(kind, payload)) {
    CountFull();
    return false;
  }
  writer_->Wake();
  return true;
}

void LiveRecorder::CountFull() {
  metrics_.dropped_full.Add();
  const std::uint64_t dropped = dropped_.fetch_add(1) + 1;
  const std::int64_t now = clock_.Now().time_since_epoch().count();
  std::int64_t due = next_complaint_.load();
  if (now < due || !next_complaint_.compare_exchange_strong(due, now + 60'000'000'000)) return;
  log_.Err(
      "event=record_dropped reason=queue_full waiting={} dropped_so_far={} note=\"the store does not keep up "
      "or "
      "cannot be written\"",
      journal_->depth(), dropped);
}

Result<Provenance> LiveRecorder::Find(ExchangeId id) const {
  // The journal first: a record leaves it only after it is in the store, so it cannot slip between the two
  // looks.
  if (auto bytes = journal_->Find(id)) {
    Provenance p;
    TRY_VOID(Decode(*bytes, p));
    return p;
  }
  TRY(auto reader, OpenReader());
  return reader->Find(id);
}

class ReadOnlyRecorder : public Recorder {
 public:
  explicit ReadOnlyRecorder(std::unique_ptr<TableReader> reader) : reader_(std::move(reader)) {}
  bool Submit(Provenance) override { return false; }
  void Flush(std::function<void()> done) override { done(); }
  Result<Provenance> Find(ExchangeId id) const override {
    MutexLock lock(m_);
    return reader_->Find(id);
  }
  Result<std::vector<Provenance>> List(const LogFilter& filter) const override {
    MutexLock lock(m_);
    return reader_->List(filter);
  }
  Result<Totals> Sum(const LogFilter& filter) const override {
    MutexLock lock(m_);
    return reader_->Sum(filter);
  }
  std::uint64_t dropped() const override { return 0; }

 private:
  mutable Mutex m_;
  const std::unique_ptr<TableReader> reader_ GUARDED_BY(m_);
};

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::Open(RecorderOptions options, const Clock& clock,
                                                 Metrics* metrics, Log log) {
  auto recorder = std::make_unique<LiveRecorder>(std::move(options), clock, metrics, std::move(log));
  TRY_VOID(recorder->Start());
  return std::unique_ptr<Recorder>(std::move(recorder));
}

Result<std::unique_ptr<Recorder>> OpenReadOnly(const std::string& path) {
  TRY(auto reader, TableReader::Open(StoreAt(path, store::Mode::kReadOnly, nullptr)));
  return std::unique_ptr<Recorder>(std::make_unique<ReadOnlyRecorder>(std::move(reader)));
}

}  // namespace baton::record
