// What optimisers ask for: coordinators played on problems, and what each try was worth.
#pragma once

#include <memory>
#include <vector>

#include "arena/environment.h"
#include "conduct/chooser.h"
#include "conduct/coordinator.h"

namespace baton::conduct {

// One try: a coordinator on a problem.
struct Trial {
  const Coordinator* coordinator = nullptr;
  const arena::Problem* problem = nullptr;
  std::uint64_t seed = 0;  // of the choices; 0: the likeliest ones
};
struct Run {
  arena::Rollout rollout;  // its cost and tokens hold what the base model read
  std::vector<Choice> choices;
  double utility = 0;
};

// Every problem once with every worker, one turn, as a worker: what one-turn policies can be learned from
// without another call. Also what single workers are measured with.
struct SingleTurns {
  std::size_t workers = 0;
  std::vector<arena::Rollout> cells;       // problem-major
  std::vector<std::vector<float>> states;  // of each problem's first transcript; empty: could not be read
  std::vector<std::int64_t> tokens;        // of those transcripts
  const arena::Rollout& At(std::size_t problem, std::size_t worker) const {
    return cells[problem * workers + worker];
  }
};

struct RolloutOptions {
  double usd_per_right = 0.001;  // what a right answer is worth; infinite: dollars do not count
  std::int64_t max_answer = 40;
  budget::Nanos read_price;  // of a million tokens of transcript that the base model reads
  std::size_t parallel = 64;
};

class Rollouts {
 public:
  // `workers`: the pool a coordinator chooses from, in the order of its head's rows. All outlive it.
  Rollouts(arena::Environment& environment, StateReader& reader, std::vector<std::string> workers,
           RolloutOptions options);

  // A head of zeros for this pool and base.
  Coordinator Blank(int turns, bool roles) const;
  // Score minus dollars in units of a right answer.
  double Utility(const arena::Rollout& rollout) const;
  // The most a coordinator's run of so many turns can cost on this problem.
  budget::Nanos WorstCase(const arena::Problem& problem, int turns) const;

  // What reading so many tokens of transcript costs.
  budget::Nanos ReadCost(std::int64_t tokens) const;
  // One step, in which that worker answers.
  workflow::Plan OneTurnPlan(std::size_t worker) const;

  Task<std::vector<Run>> Play(std::vector<Trial> trials);
  Task<SingleTurns> PlaySingleTurns(const std::vector<arena::Problem>& problems);
  // Rollouts played so far.
  std::int64_t played() const { return played_; }
  void CountPlayed(std::int64_t n) { played_ += n; }

  arena::Environment& environment() { return environment_; }
  const RolloutOptions& options() const { return options_; }
  const std::vector<std::string>& workers() const { return names_; }
  const std::vector<const pool::Worker*>& pool() const { return workers_; }

 private:
  arena::Environment& environment_;
  StateReader& reader_;
  const std::vector<std::string> names_;
  std::vector<const pool::Worker*> workers_;
  const RolloutOptions options_;
  std::int64_t played_ = 0;
};

}  // namespace baton::conduct
