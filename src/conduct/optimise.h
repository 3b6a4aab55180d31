// The ways to find a coordinator's head: evolution, and the three controls of the paper.
//
// All of them see the same training problems and the same rewards; each says how many rollouts it used.
// Evolution starts from recorded single turns (SingleTurns), where a candidate's expected utility is a sum
// and costs no call; then it plays. Controls that can use the same start get it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "conduct/rollouts.h"
#include "conduct/sep_cma_es.h"

namespace baton::conduct {

// One line of a training curve.
struct CurveRow {
  int generation = 0;
  double mean = 0, best = 0;  // utility over candidates, and of the best one
  double score = 0, usd = 0, turns = 0;
  double sigma = 0;
  std::int64_t rollouts = 0;  // in all so far
  bool operator==(const CurveRow&) const = default;
};

struct OptimiseOptions {
  std::uint64_t seed = 1;
  int generations = 15, replications = 16, population = 0;
  int replay_generations = 1000;
  double sigma = 0.03;
  // First standard deviation of the head's columns, relative to sigma (SpreadOf); empty: all the same.
  std::vector<double> spread;
  std::string checkpoint;  // path; empty: none
  bool resume = false;     // from the checkpoint, when it is there
  std::function<void(const CurveRow&)> on_row;
  std::function<bool()> stop;  // asked between generations; true: end here
};

struct Optimised {
  Coordinator coordinator;
  std::vector<CurveRow> curve;
  std::int64_t rollouts = 0;  // of this optimiser, single turns included
};

// One over the size of each number of the states, scaled so that logits vary as much as they would with equal
// columns. A few numbers of a language model's state are a hundred times the others and hardly change; with
// one sigma for all columns they are all that candidates differ by.
std::vector<double> SpreadOf(const SingleTurns& turns, std::size_t width);

// sep-CMA-ES on the single turns alone, from the head that fits the labels (FitLabels): the start of the
// others, and a policy of one turn.
Coordinator EvolveOnRecorded(const Rollouts& rollouts, const SingleTurns& turns, const Coordinator& blank,
                             const OptimiseOptions& options);
// sep-CMA-ES over played episodes, from `start`. A checkpoint after every generation; with `resume` the curve
// goes on as if nothing had happened. kInvalidRequest "bad_checkpoint" (cut short, not ours) or
// "other_checkpoint" (another seed, pool, base, size), kInternal when one cannot be written.
Task<Result<Optimised>> Evolve(Rollouts& rollouts, const std::vector<arena::Problem>& problems,
                               Coordinator start, OptimiseOptions options);
// As many candidates and rollouts, drawn uniformly around `start` with the same standard deviations; the best
// one seen.
Task<Optimised> RandomSearch(Rollouts& rollouts, const std::vector<arena::Problem>& problems,
                             Coordinator start, OptimiseOptions options);
// Policy gradient with the mean of a problem's rollouts as baseline; Adam.
Task<Optimised> Reinforce(Rollouts& rollouts, const std::vector<arena::Problem>& problems, Coordinator start,
                          OptimiseOptions options);
// Logistic regression on the best worker of each problem that any worker can solve; one turn.
Coordinator FitLabels(const Rollouts& rollouts, const SingleTurns& turns, Coordinator blank);

}  // namespace baton::conduct
