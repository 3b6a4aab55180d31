// What the conductor is trained on: teams of the built-in pool, at changing prices, over the arena.
//
// A conductor that always met the same six workers in the same order at the same prices would learn numbers,
// not facts. So every task draws a team (some of the workers, shuffled) and a list of prices, and the
// planner's text is all that says who is who. One environment per list of prices; models, memo and exact
// workers behind them are the same.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arena/builtin.h"
#include "arena/environment.h"
#include "workflow/plan_text.h"

namespace baton::train {

using Team = std::vector<const pool::Worker*>;

// A problem, who is there to work on it, and at which prices.
struct Item {
  const arena::Problem* problem = nullptr;
  int prices = 0;
  Team team;  // of that list of prices
};

struct StageOptions {
  std::string models = "models";
  std::vector<std::string> workers = {"smol", "calculator", "sql", "python", "search"};
  // Joins the pool for measurement alone: nothing in training has met it.
  std::vector<std::string> added = {"gemma"};
  std::uint64_t seed = 1;
  int price_lists = 6;  // the first is the pool's own; in the others each price is 1/4 to 4 times that
  int threads = 1, parallel = 16;
  std::int64_t max_answer = 40;
  std::size_t episodes = 32;  // at the same time
};

class Stage {
 public:
  // Loads the models (seconds). Errors of arena::MakeBuiltinPool. `loop` and `memo` outlive it.
  static Result<std::unique_ptr<Stage>> Create(Loop& loop, arena::Memo& memo, const StageOptions& options);

  int price_lists() const { return static_cast<int>(environments_.size()); }
  arena::Environment& At(int prices) { return *environments_[static_cast<std::size_t>(prices)]; }
  // The workers of training, in the pool's order; with `added`: those too.
  Team All(int prices, bool added) const;
  const arena::World& train_world() const { return train_; }
  const arena::World& test_world() const { return test_; }
  const StageOptions& options() const { return options_; }
  Loop& loop() { return loop_; }

  // Two to all of the workers, shuffled; never one of the teams that are held back.
  Team DrawTeam(int prices, Random& random) const;
  // One of the held-back teams: a quarter of all sets of three workers, whatever their order.
  Team DrawHeldBack(int prices, Random& random) const;
  bool HeldBack(const Team& team) const;

  // Runs each item's episode at its prices; in order.
  Task<std::vector<arena::Rollout>> Play(std::vector<Item> items, std::vector<arena::Episode> episodes);

 private:
  Stage(Loop& loop, StageOptions options);
  Loop& loop_;
  const StageOptions options_;
  const arena::World train_, test_;
  arena::BuiltinPool pool_;
  std::vector<std::unique_ptr<arena::Environment>> environments_;
};

// The plan that these written steps are for this team. kInvalidRequest as workflow::AppendWritten; an empty
// list is "no_plan".
Result<workflow::Plan> PlanOf(const std::vector<workflow::WrittenStep>& written, const Team& team);

}  // namespace baton::train
