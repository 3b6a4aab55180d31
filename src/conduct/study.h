// One complete study: train a coordinator and its controls on one set of problems, measure all of them and
// the usual baselines on another, once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conduct/measure.h"
#include "conduct/optimise.h"
#include "workflow/flow.h"

namespace baton::conduct {

struct StudyOptions {
  OptimiseOptions optimise;       // `stop` ends the coordinator's training; the controls then get as much
  std::function<bool()> give_up;  // ends theirs too
  int turns = kTurns;
  bool controls = true;              // random search, REINFORCE, no roles: as many rollouts again, each
  bool baselines = true;             // self-consistency, majority, Mixture-of-Agents, prompted planner
  std::string planner;               // the worker that plans and aggregates: the strongest language model
  std::vector<arena::Problem> gate;  // problems of its own for the gate; empty: no gate
  std::string consistent;            // whose samples self-consistency takes; empty: the best single worker's
  // One line per thing done, for people.
  std::function<void(const std::string&)> say;
  // Wall time, for the report alone.
  std::function<double()> seconds;
};

struct Study {
  std::string best_single;  // by training utility
  Coordinator coordinator;
  std::map<std::string, std::vector<CurveRow>> curves;  // "coordinator", "random_search", ...
  std::map<std::string, std::int64_t> rollouts;
  std::vector<Measured> policies;  // on the test problems
  std::map<std::string, double> train_utility;
  std::optional<Gate> conductor_gate;  // of a table's conductor
  double train_seconds = 0;
};

// Samples of self-consistency: as many as `usd` buys of calls at `single_usd`, of those there is a workflow
// for.
int SamplesFor(double usd, double single_usd);
std::string ConsistencyFlow(int samples);
// The workflows that the baselines need: the environment is made with them.
std::vector<workflow::FlowSettings> StudyFlows(const std::string& planner);

// kInvalidRequest and kInternal as Evolve(). What single episodes run into is in their tries.
Task<Result<Study>> RunStudy(Rollouts& rollouts, const std::vector<arena::Problem>& train,
                             const std::vector<arena::Problem>& test, StudyOptions options);

}  // namespace baton::conduct
