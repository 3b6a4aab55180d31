// The writer's thread: from the journal into the store, in groups; retention between them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "audit/head.h"
#include "base/log.h"
#include "base/metric.h"
#include "record/journal.h"
#include "record/recorder.h"
#include "record/table.h"

namespace baton::record {

// What the operator sees. Handles without a registry count nothing.
struct RecordMetrics {
  explicit RecordMetrics(Metrics* metrics);
  Counter rows, replayed, deleted, commit_failures;
  Counter feedback, feedback_repeated, contents, head_failures;
  Counter dropped_full, dropped_duplicate, dropped_rejected, dropped_damaged;
  Gauge depth, failing;
  Histogram batch_rows, commit_seconds;
};

class Writer {
 public:
  // `table` is open on the store that `store` describes; it is opened anew after every failure. Everything
  // given by reference must outlive the Writer.
  Writer(const RecorderOptions& options, store::OpenOptions store, std::unique_ptr<TableWriter> table,
         Journal& journal, const audit::Signer& signer, audit::HeadFile& head, const Clock& clock,
         RecordMetrics& metrics, std::atomic<std::uint64_t>& dropped, Log log);
  // Writes what is left, if the store lets it, and joins.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Something was appended. A load and a branch, unless the writer sleeps for want of work.
  void Wake() {
    if (idle_.load(std::memory_order_seq_cst)) WakeUp();
  }
  void Flush(std::function<void()> done);

 private:
  struct Waiting {
    std::uint64_t seq;
    std::function<void()> done;
  };
  void Loop();
  void WakeUp();
  void WaitForWork();
  bool Drain();
  bool EnsureTable();
  void Committed(const TableWriter::Inserted& done, std::size_t entries, Duration took);
  void Failed(const Error& error);
  void Recovered();
  bool Maintain();
  void WriteHead(bool now);
  bool Seal(bool now);
  void AnswerFlushes(bool all);
  bool stopping();

  // Constant after construction.
  const RecorderOptions options_;
  const store::OpenOptions store_;
  Journal& journal_;
  const audit::Signer& signer_;
  audit::HeadFile& head_;
  const Clock& clock_;
  RecordMetrics& metrics_;
  std::atomic<std::uint64_t>& dropped_;
  const Log log_;

  // The writer thread's own.
  std::unique_ptr<TableWriter> table_;
  std::vector<Journal::Entry> entries_;
  std::uint64_t written_ = 0;   // number of the last record committed
  Duration backoff_{};          // zero: in health
  std::uint64_t failures_ = 0;  // since the last success
  bool complained_ = false;     // about these failures
  TimePoint next_complaint_{};
  std::int64_t next_maintenance_ = 0;  // unix nanoseconds
  bool more_to_delete_ = false;
  int quiet_ = 0;              // rounds without a record
  std::int64_t head_seq_ = 0;  // the link under the head file
  TimePoint next_head_{}, next_seal_{};

  std::atomic<bool> idle_ = false;  // atomic: producers look at it without the lock
  Mutex m_;
  CondVar wake_;
  bool stop_ GUARDED_BY(m_) = false;
  std::vector<Waiting> flushes_ GUARDED_BY(m_);

  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace baton::record
