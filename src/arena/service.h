// The environment as questions and answers in JSON, for trainers in other processes: what `baton env` serves.
//
// Stateless: an item's id says which problem it is (split, seed, index, team), so a reset needs no memory,
// any server that was started with the same world can score it, and a trainer that dies leaves nothing
// behind.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "arena/environment.h"
#include "arena/families.h"

namespace baton::arena {

struct ServiceOptions {
  std::uint64_t world_seed = 1;
  int max_steps = 5;
  std::size_t max_batch = 256;
  std::size_t max_running = 64;           // episodes at the same time
  std::size_t max_waiting = 4096;         // items accepted and not yet done; beyond: kOverloaded "env_busy"
  std::size_t max_completion = 64 << 10;  // bytes
  double usd_per_right = 0;  // dollars that one point of reward is worth; 0: dollars do not count
};

class Service {
 public:
  // `environment` outlives it.
  Service(Environment& environment, ServiceOptions options);
  ~Service();

  // {"split"?, "seed"?, "index", "families"?, "easiest"?, "hardest"?, "k"?} -> {"id", "prompt", "question",
  // "family", "difficulty", "workers"}. `k`: a random team of so many workers instead of all. `prompt` is all
  // a planner reads.
  Result<std::string> Reset(std::string_view json) const;
  // {"id", "completion"} -> {"id", "reward", "parsed", "score", "error", "answer", "steps", "cost_usd",
  // "tokens", "calls"}. Reward: 0 where the completion holds no plan that may run, 0.5 where its answer is
  // wrong, 1 where it is right; less dollars over usd_per_right, where that is set.
  Task<Result<std::string>> Score(std::string json);
  // {"items": [as Score's]} -> {"results": [...]}, in order; an item that is wrong has "error" and reward 0.
  Task<Result<std::string>> Batch(std::string json);
  // What there is: families, splits, workers.
  std::string Describe() const;

  std::size_t waiting() const { return waiting_; }

 private:
  struct Item;
  Result<Item> ItemOf(const std::string& id) const;
  Task<std::string> Scored(std::string id, std::string completion);

  Environment& environment_;
  const ServiceOptions options_;
  const World train_, test_;
  std::size_t waiting_ = 0, running_ = 0;
  struct Turns;
  std::unique_ptr<Turns> turns_;
};

}  // namespace baton::arena
