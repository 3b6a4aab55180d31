// Held turns: a run whose step called the client's tools waits here for the results.
//
// Problem: an agent of a team asks for a tool; the chat protocol ends the turn and sends a new request with
// the result. Without memory the whole team would start again, and the result would reach everybody instead
// of the one who asked. Options: encode the run into the tool call's id (too large, and the client could
// write one), keep it in the store (content at rest, for minutes), keep it in memory. Choice: memory, bounded
// in number, bytes and time; a restart or an expiry loses only work, never correctness: the conversation that
// comes back is complete, and the workflow starts again on it. Ids of the calls carry an unguessable token,
// and the tenant must be the one who began.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/metric.h"
#include "base/mutex.h"
#include "chat/types.h"
#include "workflow/progress.h"

namespace baton::workflow {

struct HeldRun {
  std::string tenant;
  Plan plan;
  std::vector<StepState> states;
  std::string mark;
  // Keeps the workers alive that plan and states point to.
  std::shared_ptr<const void> keep;
};

// Thread safe; one per process.
class HeldTurns {
 public:
  struct Options {
    Duration ttl = std::chrono::minutes(30);
    std::size_t max_runs = 10'000;
    std::size_t max_bytes = 128 * 1024 * 1024;
  };
  // `metrics` may be null.
  HeldTurns(const Clock& clock, Options options, Metrics* metrics);

  // 128 bits from the operating system, as 32 hexadecimal digits.
  static std::string NewToken();
  // Keeps the run until its time is over or others push it out. False: it is larger than a tenth of
  // everything, and not kept.
  bool Keep(const std::string& token, HeldRun run);
  // A copy: a client may repeat a turn. Null: unknown, expired, or another tenant's.
  std::shared_ptr<const HeldRun> Find(std::string_view token, std::string_view tenant);
  std::size_t size();

 private:
  struct Entry {
    std::shared_ptr<const HeldRun> run;
    std::size_t bytes = 0;
    TimePoint until;
    std::list<std::string>::iterator order;
  };
  void Drop(std::unordered_map<std::string, Entry>::iterator at) REQUIRES_LOCK(m_);
  void Evict(TimePoint now) REQUIRES_LOCK(m_);

  const Clock& clock_;
  const Options options_;
  Mutex m_;
  std::unordered_map<std::string, Entry> runs_ GUARDED_BY(m_);
  std::list<std::string> order_ GUARDED_BY(m_);  // oldest first
  std::size_t bytes_ GUARDED_BY(m_) = 0;
  Gauge waiting_;
  Counter expired_;
};

// "baton_<token>_<step>_<the worker's own id>".
std::string ClientCallId(std::string_view token, StepId step, std::string_view own);
struct CallIdParts {
  std::string_view token;
  StepId step = -1;
  std::string_view own;
};
std::optional<CallIdParts> ReadCallId(std::string_view id);

// What came back for a held run, taken out of the conversation. `conversation` keeps everything else.
struct Returned {
  struct Result {
    StepId step;
    chat::Message message;  // Role::kTool, with the worker's own call ids
  };
  std::vector<Result> results;
};
// The newest token among the conversation's tool results; empty: none is ours.
std::string ReturnedToken(const chat::Request& conversation);
// Takes the results of that token out of the conversation, and all other calls and results of ours, which are
// in the run already.
Returned TakeReturned(const std::string& token, chat::Request* conversation);

}  // namespace baton::workflow
