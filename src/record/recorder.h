// Recorder: from the request path to the store, without ever delaying or failing a reply.
//
// Submit() copies the record into a memory-mapped journal beside the store (record/journal.h), where it
// survives the process; a writer thread commits what has gathered there. While the store cannot be written
// (disk full, locked, read-only, damaged) records wait in the journal and the writer tries again; when the
// journal is full they are dropped and counted. docs/format/provenance.md has the whole story.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/digest.h"
#include "audit/event.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/result.h"
#include "record/content.h"
#include "record/provenance.h"
#include "store/database.h"

namespace baton::record {

struct RecorderOptions {
  std::string path;  // SQLite file; ":memory:" for tests. The journal is `path`.queue
  std::size_t max_queue =
      100'000;  // records waiting; beyond: dropped and counted, with a log line per minute
  std::size_t queue_bytes = std::size_t{32}
                            << 20;                // size of the journal; a record takes some 450 bytes of it
  Duration group = std::chrono::milliseconds(5);  // a commit gathers what arrives in this time
  std::size_t max_batch = 1'000;
  Duration retention =
      std::chrono::hours(24 * 90);  // older rows are deleted in small steps; zero: keep for ever
  std::int64_t max_rows = 0;        // exchanges kept at most, the newest; 0: no limit
  std::string audit_key;            // private key of the audit log's signatures; empty: `path`.audit.key
  Duration checkpoint =
      std::chrono::seconds(60);  // longest without a checkpoint in the store, while rows come
  Duration head = std::chrono::milliseconds(100);        // the head file is at most this old under load
  Duration first_retry = std::chrono::milliseconds(50);  // after a failed commit; doubles up to 2 s
  store::Faults* faults = nullptr;                       // for tests; must outlive the recorder
};

struct LogFilter {
  // [since, until) by the time in the exchange's id, which is exact to the millisecond.
  std::optional<std::int64_t> since_unix_ns, until_unix_ns;
  std::string model, worker, route, tenant, outcome, contract;
  bool errors_only = false;  // neither "ok" nor "client_gone"
  ExchangeId before = 0;     // for paging: ids below this; 0: newest
  int limit = 50;            // 1 to 1,000
};

class Recorder : public audit::EventLog {
 public:
  ~Recorder() override = default;  // drains the queue and commits
  // Opens or creates the store (schema version checked; a newer one is refused with advice) and first writes
  // what an earlier process left in the journal. One recorder per store: a second one is refused
  // ("store_in_use"). `clock`, `metrics` (may be null) must outlive the recorder.
  static Result<std::unique_ptr<Recorder>> Open(RecorderOptions options, const Clock& clock, Metrics* metrics,
                                                Log log);

  // Never blocks. False: dropped (and counted). True: the record is in the store after a restart, even if the
  // process is killed now. Ids must be unique; of two records with one id the first stays. Thread safe.
  virtual bool Submit(Provenance record) = 0;
  // Beside exchanges, by the same way and with the same promise. A repeat of a feedback (same exchange, same
  // name) changes nothing. Submit an exchange before its content.
  bool Append(audit::Event /*event*/) override { return false; }
  virtual bool AddFeedback(Feedback /*feedback*/) { return false; }
  virtual bool AddContent(Content /*content*/) { return false; }
  virtual bool EraseContent(Erasure /*erasure*/) { return false; }
  // Half of the journal or more is free: what runs now will find its place, whatever becomes of the disk. A
  // few nanoseconds.
  virtual bool HasRoom() const { return true; }
  // Secret of this store, for digests that nobody else can try texts against.
  virtual audit::Digest digest_key() const { return {}; }
  // Calls `done` (on the writer's thread) when everything submitted so far is in the store, or when the
  // recorder is being destroyed.
  virtual void Flush(std::function<void()> done) = 0;

  // Readers; each opens its own connection, may run on any thread, milliseconds. Find() also sees records
  // that are still queued; List() and Sum() see them when they are committed (5 ms later, in health).
  virtual Result<Provenance> Find(ExchangeId id) const = 0;  // kNotFound
  virtual Result<std::vector<Provenance>> List(
      const LogFilter& filter) const = 0;  // newest first, calls included
  struct Totals {
    std::int64_t exchanges = 0, failures = 0;  // failures: as errors_only
    budget::Nanos cost;
    std::int64_t input_tokens = 0, output_tokens = 0;
  };
  virtual Result<Totals> Sum(const LogFilter& filter) const = 0;
  // Records lost since the start: queue full, duplicate id, not storable, damaged journal.
  virtual std::uint64_t dropped() const = 0;
};

// Opens an existing store for reading only (`baton log` beside a running server). Sees committed records
// only; Submit() drops, Flush() calls at once.
Result<std::unique_ptr<Recorder>> OpenReadOnly(const std::string& path);

// The public JSON of a record (GET /v1/exchanges/{id}, `baton log --json`): documented in
// docs/format/provenance.md.
std::string ToJson(const Provenance& record);
// Back again, for programs that ask a server; what the JSON does not carry stays empty. kInvalidRequest.
Result<Provenance> FromJson(std::string_view json);

}  // namespace baton::record
