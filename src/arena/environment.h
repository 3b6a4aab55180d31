// Where policies are trained and measured: problems with known answers, a pool of workers with prices, and
// the real workflow engine between them.
//
// Problem: a policy that was rewarded by an imitation of the executor learns the imitation's mistakes.
// Options: a simulator of plans (fast, and wrong in what it leaves out), or the product itself as the
// environment. Choice: the product. An episode is admitted by rails, gets a Permit and a lease, runs through
// workflow::Runner over a pool with its slots and breakers, and is charged what the calls cost; only then is
// its answer scored, by the reference checker. Cost: the executor's own time per
// step, beside calls which an exact memo makes rare.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arena/memo.h"
#include "arena/problem.h"
#include "base/task.h"
#include "pool/create.h"
#include "workflow/chooser.h"
#include "workflow/run.h"

namespace baton::arena {

// One try at one problem. Exactly one of `plan`, `chooser` and `workflow` says how.
struct Episode {
  const Problem* problem = nullptr;  // outlives the episode
  std::optional<workflow::Plan> plan;
  workflow::Chooser* chooser = nullptr;  // outlives the episode
  std::string workflow;                  // a named workflow, over `workers` in their order (empty: all)
  std::vector<std::string> workers;
  std::optional<double> temperature;  // of steps that answer; default 0
  std::int64_t seed = 0;              // of sampling
  std::optional<budget::Nanos> ceiling;
};

struct StepSeen {
  std::string worker, role, text, status, verdict;
};

// What came of it. Costs are as if nothing had been remembered.
struct Rollout {
  double score = 0;  // of the reference checker
  std::string answer, worker;
  std::vector<StepSeen> steps;
  budget::Nanos cost, worst_case;
  std::int64_t tokens = 0;  // input and output of all calls
  int calls = 0;
  double ms = 0;      // wall time, whatever was remembered and whoever else was playing
  std::string error;  // why there is no answer; empty: there is one
  std::vector<std::string> notes;
};

class Environment {
 public:
  struct Options {
    std::vector<std::shared_ptr<const pool::Worker>> workers;
    pool::BackendFactory backend;
    Memo* memo = nullptr;  // null: every call is made; else outlives the environment
    std::vector<workflow::FlowSettings> flows;
    std::int64_t max_answer = 48;  // tokens of an answer
    Duration deadline = std::chrono::minutes(10);
    // Default: Score(). Recorded outcomes bring their own.
    std::function<double(const Problem&, const Rollout&)> score;
    Log log = Log::Null();
  };
  // kInvalidRequest for workflows that cannot be. `loop` outlives it, as does what the factory's backends
  // use.
  static Result<std::unique_ptr<Environment>> Create(Loop& loop, Options options);
  virtual ~Environment() = default;

  virtual const std::vector<std::shared_ptr<const pool::Worker>>& workers() const = 0;
  virtual const pool::Worker* Find(std::string_view worker) const = 0;
  // Never fails as a call: a refused plan, a worker that died, a ceiling that was hit is an episode with
  // score 0 and `error` (or with the best answer there was). On the loop's thread.
  virtual Task<Rollout> Play(Episode episode) = 0;
  virtual Loop& loop() = 0;
};

// All of them, at most `parallel` at a time; results in order.
Task<std::vector<Rollout>> PlayAll(Environment& environment, std::vector<Episode> episodes,
                                   std::size_t parallel);

}  // namespace baton::arena
