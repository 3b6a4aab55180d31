// The desk where requests wait for people.
//
// Ask() lays a case on it and waits; people list, claim, answer and reject cases through /admin. Cases live
// in the store (tables of their own, docs/human_queue.md), so a restart loses none: who waited on a
// connection comes back with the case's link.
//
// Threads: one Desk per process, all methods from any loop. No loop ever waits for the disk: everything that
// touches the store runs on the desk's own thread and comes back to the asking loop as a post. A loop must
// outlive the calls made from it; Stop() ends them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metric.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "human/case.h"
#include "store/database.h"

namespace baton::human {

// What becomes of a case when the client that waits for it leaves.
enum class OnClientGone { kCancel, kKeep };

// The operator's rules; a reload may change them.
struct DeskRules {
  int max_waiting = 1000;                    // cases not ended, claimed ones included
  Duration wait = std::chrono::seconds(30);  // how long a client's connection is held before it gets the link
  Duration expire = std::chrono::hours(24);  // a case that nobody ended by then ends as expired
  Duration retention = std::chrono::hours(720);  // content of ended cases is deleted after it; 0: never
  OnClientGone on_client_gone = OnClientGone::kCancel;
};

struct DeskOptions {
  std::string path;  // the store's SQLite file, which the recorder has created; ":memory:" for tests
  DeskRules rules;
  std::size_t max_transcript = 1 << 20;  // bytes, the draft included
  std::size_t max_text = 256 << 10;      // of an answer or a reason
  std::size_t max_jobs = 1000;           // operations waiting for the desk's thread
  std::int64_t max_ended = 100'000;      // rows of ended cases kept; the oldest go first
  // False: no thread; every operation runs at once on the caller's, and Sweep() only when called. For tests
  // on a simulated loop.
  bool own_thread = true;
  std::function<std::uint64_t()> entropy = EntropySeed;  // unguessable bits for ids; called from any loop
  store::Faults* faults = nullptr;
};

struct Filter {
  std::optional<State> state;  // unset: all that has not ended
  bool all = false;            // ended ones too
  std::int64_t after = 0;      // seq of the last one seen
  int limit = 100;             // 1 to 1,000
};

class Desk {
 public:
  virtual ~Desk() = default;
  // Opens the tables (creates or migrates them; a newer version is refused with "store_newer"). `clock` and
  // `metrics` (may be null) must outlive the desk.
  static Result<std::unique_ptr<Desk>> Open(DeskOptions options, const Clock& clock, Metrics* metrics,
                                            Log log);

  // Stores the case, then waits until it has ended, `wait` passes or `cancel` fires (may be null).
  //   ended in time             -> kAnswered, kRejected, kExpired
  //   `wait` passed, the time of the request ran out (Cancel::Why::kDeadline), shutdown -> kPending
  //   the client has gone       -> error kCancelled "client_gone"; the case is cancelled or kept by the rules
  // Errors, with nothing stored: kOverloaded "human_queue_full" and "human_desk_busy", kTooLarge
  // "human_case_too_large", and the store's. `loop`, `cancel` outlive the task.
  virtual Task<Result<Resolution>> Ask(Loop& loop, Case work, Deadline wait, Cancel* cancel) = 0;

  // Oldest first, without transcript, draft and resolution.
  virtual Task<Result<std::vector<Case>>> List(Loop& loop, Filter filter) = 0;
  virtual Task<Result<Case>> Find(Loop& loop, std::string id) = 0;  // kNotFound "case_not_found"

  // Each gives the case as it stands afterwards. kNotFound "case_not_found"; kConflict "case_claimed" when
  // somebody else has claimed it and "case_ended" when it has ended; kInvalidRequest for a missing or
  // overlong `by` or text. Saying the same thing twice is no conflict.
  virtual Task<Result<Case>> Claim(Loop& loop, std::string id, std::string by) = 0;
  // `force` takes a claim away from whoever holds it.
  virtual Task<Result<Case>> Release(Loop& loop, std::string id, std::string by, bool force) = 0;
  virtual Task<Result<Case>> Answer(Loop& loop, std::string id, std::string by, std::string text) = 0;
  virtual Task<Result<Case>> Reject(Loop& loop, std::string id, std::string by, std::string reason) = 0;

  virtual DeskRules rules() const = 0;
  virtual void SetRules(const DeskRules& rules) = 0;
  // Everybody who waits gets kPending now, and from now on nobody waits: the server is draining.
  virtual void LetGo() = 0;
  // Expires and deletes what is due. The desk's thread does it by itself.
  virtual void Sweep() = 0;
  // Finishes what was begun and ends the thread; every later call fails with kUnavailable "shutting_down".
  // The destructor does it too.
  virtual void Stop() = 0;
};

}  // namespace baton::human
