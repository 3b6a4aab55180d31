// A call (one Chat() or Embed()) and the tries it is made of.
//
// A try takes, in this order, a slot, leave from the breaker and a hold on the lease, asks the worker once,
// and gives all three back on the one path out (Finish). Each is an object whose destructor gives it back, so
// a try that never ran leaks nothing either.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/random.h"
#include "budget/lease.h"
#include "pool/gate.h"
#include "pool/live.h"

namespace baton::pool {

// Every decision has a name and a counter.
enum class Event {
  kAnswered,
  kGaveUp,
  kRetried,
  kFellBack,
  kHedged,
  kHedgeWon,
  kHedgeRefused,
  kSkippedBreaker,
  kSkippedFull,
  kSkippedBudget,
  kSkippedContext,
  kSkippedUnknown,
  kQueueTimeout,
  kNoWorker,
};
inline constexpr std::size_t kEvents = static_cast<std::size_t>(Event::kNoWorker) + 1;

// What all calls of one pool share.
struct Parts {
  Parts(Loop& l, std::uint64_t seed, Log g) : loop(l), random(seed), log(std::move(g)) {}
  Loop& loop;
  Random random;
  Log log;
  Roster roster;
  std::array<Counter, kEvents> decisions;
  void Note(Event e) { decisions[static_cast<std::size_t>(e)].Add(); }
  void ResolveMetrics(Metrics* metrics);
};

struct Try;
struct Race;

// What is asked of whichever worker is chosen.
class Operation {
 public:
  virtual ~Operation() = default;
  // Starts it. `t` outlives the task.
  virtual Task<AttemptResult> Ask(Try& t) = 0;
  // The most output tokens that worker may charge for.
  virtual std::int64_t MaxOutput(const Worker& worker) const = 0;
  // How often the price's amount per call may fall due at that worker.
  virtual int Billable(const Worker& /*worker*/) const { return 1; }
  // Two candidates may be asked at once.
  virtual bool hedgeable() const { return false; }
};

// One call, from its first candidate to its end.
struct Call {
  Call(Parts& p, Operation& o, const std::vector<const Worker*>& c) : parts(p), operation(o), candidates(c) {}

  Parts& parts;
  Operation& operation;
  // What the caller gave; outlives the call.
  const std::vector<const Worker*>& candidates;
  budget::Lease* lease = nullptr;
  Deadline until;  // beside the lease's
  Cancel* cancel = nullptr;
  std::int64_t input_tokens = 0;
  RetryPolicy retry;

  // Where it stands.
  int tries_left = 0;                    // beyond the first
  std::size_t next = 0;                  // first candidate not yet considered
  std::vector<std::size_t> asked_early;  // candidates at or after `next` that a hedge has asked already
  std::int64_t too_small = 0;            // a context of this size has overflowed
  bool overflowed = false;
  std::vector<CallRecord> records;
  // Why candidates were passed over, for the error when none is left.
  std::string passed_over;
  std::optional<Error> over_budget;
  bool only_over_budget = true, only_full = true;
  std::optional<TimePoint> ready_at;

  Deadline deadline() const { return lease ? lease->ceiling().deadline.Earlier(until) : until; }
  // Null: not a worker of this pool.
  LiveWorker* At(std::size_t candidate) const { return parts.roster.Find(candidates[candidate]); }
  bool Considered(std::size_t candidate) const;
  // Context overflow rules out workers known to be no larger.
  bool LargeEnough(const Worker& worker) const;
  void PassOver(const Worker& worker, Event event, std::string_view why);
};

struct Try {
  Try(Call& c, std::size_t at, LiveWorker& l) : call(c), candidate(at), live(l) {}
  Try(const Try&) = delete;

  Call& call;
  const std::size_t candidate;
  LiveWorker& live;
  std::string why;
  std::optional<Slots::Slot> slot;
  std::optional<Health::Ticket> ticket;
  std::optional<budget::Lease::Hold> hold;
  // The same on the worker's own budget, where it has one.
  std::unique_ptr<budget::Lease> worker_lease;
  std::optional<budget::Lease::Hold> worker_hold;
  const budget::PriceRow* price = nullptr;
  // In a race: the race, and a child of the call's cancel for this try alone.
  Race* race = nullptr;
  std::optional<Cancel> own_cancel;
  std::optional<Gate> gate;
  Attempt attempt;
  Deadline deadline;
  TimePoint began{}, started{};
  std::size_t record = 0;
  AttemptResult result;
  bool ended = false;

  Cancel* cancel() { return own_cancel ? &*own_cancel : call.cancel; }
  bool answered() const { return ended && !result.failure; }
  bool delivered() const { return gate && gate->delivered(); }
};

enum class Ready { kYes, kBusy, kNo };

// Takes all that a try needs without waiting. kBusy: only a slot is missing and the queue has room. kNo:
// passed over, which is noted unless `quiet`.
Ready Prepare(Try& t, bool quiet);
// Waits in the worker's queue, then as above. kNo also when cancelled or out of time.
Task<Ready> PrepareWaiting(Try& t);
// Asks the worker once and then Finish()es. REQUIRES: prepared.
Task<void> Run(Try& t);

}  // namespace baton::pool
