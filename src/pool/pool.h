// All workers of one configuration, alive: slots, health, breaker, hedging, and the only retry in Baton.
//
// One Pool per loop, sharing `Health` (one per worker, thread safe) so that what one core learns the others
// know.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/loop.h"
#include "base/metric.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "budget/lease.h"
#include "chat/sink.h"
#include "pool/backend.h"
#include "pool/worker.h"

namespace baton::pool {

// One try at one worker: a row of the ledger, successful or not.
struct CallRecord {
  std::string worker;
  std::string provider_model;
  std::string outcome;  // "ok", or the error's Name()
  std::string fault;    // FaultName, or ""
  std::string why;      // "first choice", "fallback: large timed out", "hedge after 800 ms", "retry 1"
  std::int64_t start_unix_ns = 0;
  Duration queued{}, to_first_byte{}, whole{};
  chat::Usage usage;
  budget::Nanos cost;
  bool priced = false;  // false: cost unknown, never a silent zero
  bool usage_estimated = false;
  bool winner = false;  // its answer is what the client got
  int upstream_status = 0;
};

struct RetryPolicy {
  int budget = 2;  // further tries in all, over all candidates, end to end
  Duration first_backoff = std::chrono::milliseconds(100);
  Duration max_backoff = std::chrono::seconds(2);
  // A provider that asks for at most this much time is asked again even where another candidate stands ready.
  Duration short_wait = std::chrono::seconds(1);
};

// REQUIRES: `candidates` non-empty, each allowed by the Permit (the pool does not know permits; workflow
// does).
struct CallSpec {
  const chat::Request* request = nullptr;
  std::vector<const Worker*> candidates;  // in order of preference; later ones are fallbacks
  chat::Sink* sink = nullptr;             // null: whole answer
  budget::Lease* lease = nullptr;
  std::int64_t input_tokens = 0;  // our estimate, for worst-case reservation
  Cancel* cancel = nullptr;
  RetryPolicy retry;
  bool hedge = true;            // false: never two workers at once, whatever their settings
  std::string idempotency_key;  // empty: the pool makes one; the same for every attempt
};

struct CallOutcome {
  Result<chat::Response> response = Error{};
  const Worker* worker = nullptr;      // who answered (or was tried last)
  std::vector<CallRecord> calls;       // in order of start
  std::vector<provider::Loss> losses;  // of the call that answered
  bool passthrough = false, injected_usage = false;
  bool delivered = false;  // something reached the sink before a failure
  chat::Response partial;  // on such a failure: what had been seen of the answer
};

enum class BreakerState { kClosed, kOpen, kHalfOpen };
std::string_view BreakerName(BreakerState s);

// Which candidates a call goes to next; told to sinks that must know before the first event (headers).
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  // The first byte of `worker`'s answer is about to be put. Called at most once per Chat().
  // `in_worker`: time from the start of that worker's attempt to its first byte, so that the rest is ours.
  virtual void OnAnswering(const Worker& worker, const std::vector<provider::Loss>& losses, bool passthrough,
                           bool injected_usage, Duration in_worker) = 0;
};

struct WorkerStatus {
  std::string name;
  BreakerState breaker = BreakerState::kClosed;
  int running = 0, waiting = 0;
  std::uint64_t calls = 0, failures = 0;
  std::string last_error;
  double ewma_first_byte_ms = 0;
};

class Pool {
 public:
  virtual ~Pool() = default;
  // Fallback, retry, hedge, breaker, slots, lease: see pool.cc's opening. Never throws a call away
  // unrecorded.
  virtual Task<CallOutcome> Chat(const CallSpec& spec, CallObserver* observer) = 0;
  struct EmbedOutcome {
    Result<chat::EmbedResponse> response = Error{};
    const Worker* worker = nullptr;
    std::vector<CallRecord> calls;
    std::vector<provider::Loss> losses;
  };
  virtual Task<EmbedOutcome> Embed(const chat::EmbedRequest& request, std::vector<const Worker*> candidates,
                                   budget::Lease* lease, std::int64_t input_tokens, Cancel* cancel) = 0;
  // Tool workers. What they offer, and one call of it: slots, breaker and price as for any call; `record` is
  // filled in either case.
  virtual Task<Result<std::vector<chat::Tool>>> Tools(const Worker& worker, Cancel* /*cancel*/) {
    Result<std::vector<chat::Tool>> none =
        Fail(Code::kUnsupported, "worker '" + worker.name + "' has no tools of its own", "no_tools");
    co_return none;
  }
  virtual Task<Result<chat::ToolResult>> CallTool(const Worker& worker, const chat::ToolCall& /*call*/,
                                                  budget::Lease* /*lease*/, Deadline /*deadline*/,
                                                  Cancel* /*cancel*/, CallRecord* /*record*/) {
    Result<chat::ToolResult> none =
        Fail(Code::kUnsupported, "worker '" + worker.name + "' has no tools of its own", "no_tools");
    co_return none;
  }
  // The loop it lives on.
  virtual Loop& loop() = 0;
  virtual const std::vector<std::shared_ptr<const Worker>>& workers() const = 0;
  virtual const Worker* Find(std::string_view name) const = 0;
  // Usable now: breaker not open and a slot or queue place free.
  virtual bool Available(const Worker& worker) const = 0;
  virtual std::vector<WorkerStatus> Status() const = 0;
  virtual Result<std::vector<provider::Loss>> Explain(const Worker& worker,
                                                      const chat::Request& request) const = 0;
};

}  // namespace baton::pool
