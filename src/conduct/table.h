// The table of a live pool: everything that could answer, on the same test problems, at its own price.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "conduct/study.h"

namespace baton::conduct {

struct TableOptions {
  OptimiseOptions optimise;  // of what the table trains itself: the MasRouter-style controller
  bool baselines =
      true;  // what is neither a worker nor learned from this pool, and the MasRouter-style controller
  std::vector<std::string> languages;  // workers that are language models: planners; the last aggregates
  std::string conductor;               // worker whose model was trained to plan; empty: none
  const Coordinator* coordinator = nullptr;  // null: none; outlives the call
  std::vector<arena::Problem> gate;          // problems of its own for the conductor's gate; empty: no gate
  // Policies are timed on the first so many test problems, each alone, over a pool without a memo; 0: not at
  // all.
  int timed = 0;
  Rollouts* fresh = nullptr;  // that pool; outlives the call
  // Rows that are made from single turns alone, by whoever knows how.
  std::function<std::vector<Measured>(const SingleTurns& train, const SingleTurns& test)> more;
  std::function<void(const std::string&)> say;
};

// The workflows it needs: the environment is made with them.
std::vector<workflow::FlowSettings> TableFlows(const std::vector<std::string>& languages,
                                               const std::string& conductor);
// Every worker alone, best_single (on train), oracle, self_consistency (at the dollars of the dearest learned
// policy), majority, mixture_of_agents, masrouter_style, prompted_planner:NAME, supervised, the caller's own
// rows, coordinator and coordinator_gated, conductor, conductor_recursive and conductor_gated. Never fails;
// what single episodes run into stands in their tries.
Task<Study> RunTable(Rollouts& rollouts, const std::vector<arena::Problem>& train,
                     const std::vector<arena::Problem>& test, TableOptions options);

// The same study on those test problems alone whose index is in `rows`.
Study Part(const Study& study, const std::vector<std::size_t>& rows);

}  // namespace baton::conduct
