// What a training run stands on: a pool, an environment over it, problems, and the model that reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arena/builtin.h"
#include "cli/commands.h"
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
  config::Config config;
  serve::Engines engines;
  std::unique_ptr<net::Client> client;

  std::unique_ptr<arena::Environment> environment;
  std::unique_ptr<conduct::StateReader> reader;
  std::unique_ptr<conduct::Rollouts> rollouts;
  std::vector<arena::Problem> train, test;
  std::string planner;    // the strongest language model
  std::string simulated;  // names of simulated workers
};

// The built-in pool, or that of a configuration file. Loads models (seconds).
Status BuildGround(const TrainCoordinatorOptions& options, net::IoLoop& loop, Ground* ground);

}  // namespace baton::cli
