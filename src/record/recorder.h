// Recorder: from the request path to the store, without ever delaying or failing a reply.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/result.h"
#include "record/provenance.h"

namespace baton::record {

struct RecorderOptions {
  std::string path;                     // SQLite file; ":memory:" for tests
  std::size_t max_queue = 100'000;      // records waiting; beyond: dropped and counted, with a log line per minute
  Duration group = std::chrono::milliseconds(5);  // a commit gathers what arrives in this time
  std::size_t max_batch = 1'000;
  Duration retention = std::chrono::hours(24 * 90);  // older rows are deleted in small steps; zero: keep for ever
  std::int64_t max_rows = 0;            // 0: no limit
};

struct LogFilter {
  std::optional<std::int64_t> since_unix_ns, until_unix_ns;
  std::string model, worker, route, tenant, outcome;
  bool errors_only = false;
  ExchangeId before = 0;                // for paging: ids below this; 0: newest
  int limit = 50;
};

class Recorder {
 public:
  virtual ~Recorder() = default;        // drains the queue and commits
  // Opens or creates the store (schema version checked; a newer one is refused with advice).
  static Result<std::unique_ptr<Recorder>> Open(RecorderOptions options, const Clock& clock, Metrics* metrics, Log log);

  // Never blocks. False: dropped (and counted). Thread safe.
  virtual bool Submit(Provenance record) = 0;
  // Calls `done` (on the writer's thread) when everything submitted so far is on disk.
  virtual void Flush(std::function<void()> done) = 0;

  // Readers; each opens its own connection, may run on any thread, milliseconds.
  virtual Result<Provenance> Find(ExchangeId id) const = 0;           // kNotFound
  virtual Result<std::vector<Provenance>> List(const LogFilter& filter) const = 0;  // newest first, calls included
  struct Totals { std::int64_t exchanges = 0, failures = 0; budget::Nanos cost; std::int64_t input_tokens = 0, output_tokens = 0; };
  virtual Result<Totals> Sum(const LogFilter& filter) const = 0;
  virtual std::uint64_t dropped() const = 0;
};

// Opens an existing store for reading only (`baton log` beside a running server).
Result<std::unique_ptr<Recorder>> OpenReadOnly(const std::string& path);

// The public JSON of a record (GET /v1/exchanges/{id}, `baton log --json`): documented in docs/format/provenance.md.
std::string ToJson(const Provenance& record);

}  // namespace baton::record
