// One loop: wait for work, let a group gather, commit it, delete a little of what is too old.
//
// The first record after a pause wakes the thread; from then on it sleeps for the group's time instead of
// being woken by each record, so that under load no producer ever makes a system call. After a failed commit
// the connection is thrown away and opened anew (its progress row says whether the commit had happened after
// all), with a pause that doubles up to two seconds; the records wait in the journal.
#include "record/writer.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace baton::record {
namespace {

constexpr Duration kIdleLook = std::chrono::seconds(10);  // retention goes on while nobody asks anything
constexpr Duration kMaxBackoff = std::chrono::seconds(2);
constexpr Duration kComplaintEvery = std::chrono::minutes(1);
constexpr Duration kMaintainEvery = std::chrono::seconds(10);
constexpr int kQuietRounds = 2;
constexpr std::int64_t kDeleteStep = 500;  // about 5 ms

double Seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}

}  // namespace

RecordMetrics::RecordMetrics(Metrics* m) {
  if (!m) return;
  rows = m->GetCounter("baton_record_rows_total", "Exchanges written to the store.");
  replayed = m->GetCounter("baton_record_replayed_total", "Records an earlier process left in the journal.");
  deleted = m->GetCounter("baton_record_deleted_total", "Exchanges deleted by retention.");
  commit_failures =
      m->GetCounter("baton_record_commit_failures_total", "Commits that failed and will be retried.");
  feedback = m->GetCounter("baton_feedback_stored_total", "Feedback written to the store.");
  feedback_repeated = m->GetCounter("baton_feedback_ignored_total",
                                    "Feedback that was there already, or too much for one exchange.");
  contents = m->GetCounter("baton_audit_contents_total", "Contents of exchanges written to the store.");
  head_failures = m->GetCounter("baton_audit_head_failures_total", "Failed writes of the audit head file.");
  auto dropped = [m](const char* reason) {
    return m->GetCounter("baton_record_dropped_total", "Records lost.", {{"reason", reason}});
  };
  dropped_full = dropped("queue_full");
  dropped_duplicate = dropped("duplicate_id");
  dropped_rejected = dropped("rejected");
  dropped_damaged = dropped("journal_damaged");
  depth = m->GetGauge("baton_record_queue_depth", "Records waiting for the writer.");
  failing = m->GetGauge("baton_record_store_failing", "1 while the store cannot be written.");
  batch_rows =
      m->GetHistogram("baton_record_batch_rows", "Records per commit.", {1, 3, 10, 30, 100, 300, 1000});
  commit_seconds = m->GetHistogram("baton_record_commit_seconds", "Time of one commit.",
                                   {0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3});
}

Writer::Writer(const RecorderOptions& options, store::OpenOptions store, std::unique_ptr<TableWriter> table,
               Journal& journal, const audit::Signer& signer, audit::HeadFile& head, const Clock& clock,
               RecordMetrics& metrics, std::atomic<std::uint64_t>& dropped, Log log)
    : options_(options),
      store_(std::move(store)),
      journal_(journal),
      signer_(signer),
      head_(head),
      clock_(clock),
      metrics_(metrics),
      dropped_(dropped),
      log_(std::move(log)),
      table_(std::move(table)),
      thread_([this] { Loop(); }) {}

Writer::~Writer() {
  {
    MutexLock lock(m_);
    stop_ = true;
    wake_.NotifyOne();
  }
  thread_.join();
}

void Writer::WakeUp() {
  // Of many producers that see the flag one pays for the wake-up. The lock makes sure that the writer is
  // either before its check of the flag or already waiting.
  if (!idle_.exchange(false)) return;
  MutexLock lock(m_);
  wake_.NotifyOne();
}

void Writer::Flush(std::function<void()> done) {
  const std::uint64_t seq = journal_.last_seq();
  MutexLock lock(m_);
  flushes_.push_back({seq, std::move(done)});
  wake_.NotifyOne();
}

bool Writer::stopping() {
  MutexLock lock(m_);
  return stop_;
}

void Writer::Loop() {
  for (bool last = false; !last;) {
    WaitForWork();
    last = stopping();  // read before draining: what was submitted before the destructor is in the journal
    bool healthy = Drain();
    AnswerFlushes(last);
    healthy = healthy && Seal(last);
    if (healthy) WriteHead(last || quiet_ >= kQuietRounds);
    if (healthy && !last) (void)Maintain();
  }
  if (const std::size_t left = journal_.depth(); left > 0 && !store_.path.starts_with(":memory:")) {
    log_.Warn("event=record_left_in_journal records={} note=\"they are written at the next start\"", left);
  }
}

void Writer::WaitForWork() {
  MutexLock lock(m_);
  // Failing: only time or the end helps, not more records.
  if (backoff_ > Duration::zero()) {
    if (!stop_) wake_.WaitFor(lock, backoff_);
    return;
  }
  const bool quiet = journal_.depth() == 0 && ++quiet_ > kQuietRounds;
  if (quiet && !more_to_delete_ && !stop_ && flushes_.empty()) {
    idle_.store(true, std::memory_order_seq_cst);
    // Looked at after the flag is up: a record appended before is seen here, one after sees the flag.
    if (journal_.depth() == 0) wake_.WaitFor(lock, kIdleLook);
    idle_.store(false, std::memory_order_seq_cst);
  }
  if (!stop_ && flushes_.empty()) wake_.WaitFor(lock, options_.group);
}

// True: everything that was in the journal is in the store.
bool Writer::Drain() {
  for (;;) {
    if (!EnsureTable()) return false;
    entries_.clear();
    journal_.Read(options_.max_batch, entries_);
    if (entries_.empty()) {
      Recovered();
      return true;
    }
    const TimePoint start = clock_.Now();
    auto done = table_->Insert(entries_, journal_.id());
    if (!done) {
      Failed(done.error());
      return false;
    }
    quiet_ = 0;
    written_ = entries_.back().seq;
    journal_.Release(written_);
    Recovered();
    Committed(*done, entries_.size(), clock_.Now() - start);
  }
}

// False: the store failed.
bool Writer::Seal(bool now) {
  const bool due = table_->ledger().uncovered() > 0 && (now || clock_.Now() >= next_seal_);
  if (table_->ledger().uncovered() > 0 && !due) return true;
  next_seal_ = clock_.Now() + options_.checkpoint;
  if (!due) return true;
  auto sealed = table_->Seal();
  if (!sealed) Failed(sealed.error());
  return sealed.has_value();
}

// After the commit it speaks of: a process killed between the two leaves a head that is behind, which is no
// alarm; one that is ahead would be.
void Writer::WriteHead(bool now) {
  if (table_->ledger().seq() == head_seq_) return;
  if (!now && clock_.Now() < next_head_) return;
  next_head_ = clock_.Now() + options_.head;
  if (auto written = head_.Write(table_->ledger().Head()); !written) {
    metrics_.head_failures.Add();
    return;
  }
  head_seq_ = table_->ledger().seq();
}

bool Writer::EnsureTable() {
  if (table_) return true;
  auto db = store::OpenSqlite(store_);
  auto table = db ? TableWriter::Open(std::move(*db), signer_, clock_)
                  : Result<std::unique_ptr<TableWriter>>(db.error());
  if (!table) {
    Failed(table.error());
    return false;
  }
  table_ = std::move(*table);
  // A commit whose answer was an error may have happened.
  if (table_->progress().journal == journal_.id()) {
    written_ = std::max(written_, table_->progress().seq);
    journal_.Release(written_);
  }
  journal_.Rewind();
  return true;
}

void Writer::Committed(const TableWriter::Inserted& done, std::size_t entries, Duration took) {
  metrics_.rows.Add(static_cast<double>(done.rows));
  metrics_.feedback.Add(static_cast<double>(done.feedback));
  metrics_.feedback_repeated.Add(static_cast<double>(done.feedback_repeated));
  metrics_.contents.Add(static_cast<double>(done.contents));
  metrics_.batch_rows.Observe(static_cast<double>(entries));
  metrics_.commit_seconds.Observe(Seconds(took));
  metrics_.depth.Set(static_cast<double>(journal_.depth()));
  if (done.duplicates + done.rejected > 0) {
    metrics_.dropped_duplicate.Add(static_cast<double>(done.duplicates));
    metrics_.dropped_rejected.Add(static_cast<double>(done.rejected));
    dropped_.fetch_add(done.duplicates + done.rejected);
    log_.Err("event=record_dropped duplicate_id={} rejected={}", done.duplicates, done.rejected);
  }
}

void Writer::Recovered() {
  if (backoff_ == Duration::zero()) return;
  if (complained_)
    log_.Info("event=record_store_recovered failures={} waiting={}", failures_, journal_.depth());
  metrics_.failing.Set(0);
  backoff_ = Duration::zero();
  failures_ = 0;
  complained_ = false;
}

void Writer::Failed(const Error& error) {
  table_.reset();
  journal_.Rewind();
  ++failures_;
  metrics_.commit_failures.Add();
  metrics_.failing.Set(1);
  metrics_.depth.Set(static_cast<double>(journal_.depth()));
  backoff_ = backoff_ == Duration::zero() ? options_.first_retry : std::min(backoff_ * 2, kMaxBackoff);
  const TimePoint now = clock_.Now();
  if (now < next_complaint_) return;
  next_complaint_ = now + kComplaintEvery;
  complained_ = true;
  log_.Err(
      "event=record_store_failing reason={} waiting={} failures={} error=\"{}\" note=\"replies go on; "
      "records "
      "wait in {}.queue\"",
      error.Name(), journal_.depth(), failures_, error.message, options_.path);
}

// One small step; more_to_delete_ says whether another one is due at once.
bool Writer::Maintain() {
  more_to_delete_ = false;
  const std::int64_t now = clock_.UnixNanos();
  const bool by_time = options_.retention > Duration::zero(), by_rows = options_.max_rows > 0;
  if ((!by_time && !by_rows) || now < next_maintenance_) return true;
  const std::int64_t excess = by_rows ? table_->progress().rows - options_.max_rows : 0;
  Result<std::int64_t> deleted = std::int64_t{0};
  if (excess > 0) {
    deleted = table_->DeleteOldest(std::numeric_limits<ExchangeId>::max(), std::min(excess, kDeleteStep));
  } else if (by_time) {
    deleted = table_->DeleteOldest(FirstIdAt(now - options_.retention.count()), kDeleteStep);
  }
  if (!deleted) {
    next_maintenance_ = now + kMaintainEvery.count();
    Failed(deleted.error());
    return false;
  }
  metrics_.deleted.Add(static_cast<double>(*deleted));
  more_to_delete_ = *deleted > 0;
  if (!more_to_delete_) next_maintenance_ = now + kMaintainEvery.count();
  return true;
}

void Writer::AnswerFlushes(bool all) {
  all |= journal_.depth() == 0;
  std::vector<Waiting> ready;
  {
    MutexLock lock(m_);
    auto kept = std::partition(flushes_.begin(), flushes_.end(),
                               [&](const Waiting& w) { return !all && w.seq > written_; });
    std::move(kept, flushes_.end(), std::back_inserter(ready));
    flushes_.erase(kept, flushes_.end());
  }
  for (auto& w : ready) w.done();
}

}  // namespace baton::record
