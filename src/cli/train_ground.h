// What a training run stands on: a pool, an environment over it, problems, and the model that reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arena/builtin.h"
#include "arena/recorded.h"
#include "cli/commands.h"
#include "conduct/report.h"
#include "conduct/rollouts.h"
#include "net/client.h"
#include "net/loop.h"
#include "serve/assemble.h"

namespace baton::cli {

// Made in this order, destroyed in the other.
struct Ground {
  std::unique_ptr<arena::Memo> memo;
  // One of the two pools.
  arena::BuiltinPool pool;
  arena::RecordedSet recorded;
  config::Config config;
  serve::Engines engines;
  std::unique_ptr<net::Client> client;

  std::unique_ptr<arena::Environment> environment;
  std::unique_ptr<conduct::StateReader> reader;
  std::unique_ptr<conduct::Rollouts> rollouts;
  // The same without a memo: what takes time takes it there.
  std::unique_ptr<arena::Environment> fresh;
  std::unique_ptr<conduct::StateReader> fresh_reader;
  std::unique_ptr<conduct::Rollouts> fresh_rollouts;
  std::vector<arena::Problem> train, test, gate;
  std::string planner;                 // the strongest language model
  std::vector<std::string> languages;  // all of them, the planner last
  std::string conductor;               // set before: who gets the workflows of a trained conductor
  std::string adapter;                 // set before: or its adapter, over the built-in pool's first model
  std::string simulated;               // names of simulated workers
};

// The built-in pool, that of a configuration file, or recorded outcomes. Loads models (seconds).
Status BuildGround(const TrainCoordinatorOptions& options, net::IoLoop& loop, Ground* ground);
// `--quick`: a run of seconds that still goes through everything.
void Shrink(TrainCoordinatorOptions* options);
// What a report says of the run that made it.
conduct::ReportFacts FactsOf(const TrainCoordinatorOptions& options, const Ground& ground);

}  // namespace baton::cli
