// A trained conductor on problems it has never seen, beside whatever it must be better than.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "conduct/measure.h"
#include "train/rollouts.h"

namespace baton::train {

struct Entrant {
  conduct::Measured measured;
  double valid = -1;                // share of texts that were plans that may run; negative: writes none
  std::map<int, int> plan_lengths;  // steps of its plans -> how many
  double written = 0;               // mean tokens of its own texts
};

// Policies on the same items.
struct Contest {
  std::string name, what;
  std::vector<Item> items;
  std::vector<Entrant> entrants;
  std::string best_single;  // the worker that stands as "best_single", chosen on training problems
};

struct EvaluationOptions {
  RewardOptions reward;
  int most_tokens = 96;
  bool baselines = true;
  std::uint64_t seed = 1;
  std::string warm_start, conductor;  // adapters; empty: there is none
  bool recursion = true;
  std::vector<std::string> contests = {"templates", "teams", "added"};
  std::string second_planner;  // GGUF of a larger model that is prompted to plan; empty: none
  int threads = 1;
  std::function<void(const std::string&)> say;
};

// Greedy: the likeliest plan of each item. rounds 2: with a second look.
Task<Result<Entrant>> PlayConductor(Stage* stage, lm::TokenSampler* sampler, std::string name,
                                    const std::vector<Item>* items, workflow::PlannerForm form, int rounds,
                                    EvaluationOptions options);

// `contests`: the training pool on test templates; held-back teams; a worker that joined after training.
Task<Result<std::vector<Contest>>> Evaluate(Stage* stage, lm::TokenSampler* sampler,
                                            const std::vector<arena::Problem>* train,
                                            const std::vector<arena::Problem>* test,
                                            EvaluationOptions options);

}  // namespace baton::train
