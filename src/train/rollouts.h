// From what a conductor wrote to what it was worth: prompts, plans, rewards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/types.h"
#include "lm/token_sampler.h"
#include "train/stage.h"
#include "workflow/plan_prompt.h"

namespace baton::train {

// A plan may have so many steps.
inline constexpr int kMostSteps = 5;

// What workflow `conducted` asks its planner, word for word (rollouts_test.cc compares them). `shown`: the
// answer of its last plan, for its second look.
chat::Request PlannerRequest(const arena::Problem& problem, const Team& team,
                             const std::optional<std::string>& shown, workflow::PlannerForm form);

struct RewardOptions {
  double usd_per_right = 0;     // dollars that a right answer is worth; 0: dollars do not count
  double tokens_per_right = 0;  // the same in tokens
  budget::Nanos input{20'000'000}, output{80'000'000};  // of the conductor's own tokens, per million
};

// One text of a conductor, and what came of it.
struct Try {
  Item item;
  std::optional<std::string> shown;  // it was a second look; this answer was shown
  arena::Rollout first;              // of the plan before it, where there was one
  std::string text;
  std::int64_t prompt_tokens = 0, written_tokens = 0;

  bool valid = false;      // a plan that may run, or in a second look three empty lists
  bool kept = false;       // the second look kept the answer
  std::string error;       // why it is not valid
  arena::Rollout rollout;  // of its plan; where it was not valid, of whoever answers then
  double reward = 0;
};

// Runs the plans and fills in the rest of each try. Costs are whole: the conductor's tokens and those of a
// plan before are in them. Reward: 0 where there is no plan that may run, 0.5 where its answer is wrong, 1
// where it is right by the reference checker, less dollars and tokens. With `fall_back`, the strongest worker
// answers where there was no plan, as in workflow `conducted`; training does not pay for that.
Task<void> ScoreTries(Stage* stage, RewardOptions options, bool fall_back, std::vector<Try>* tries);

// Writes every try's text: one continuation each of its prompt, with seeds by place. Tries on equal prompts
// stand together. `logprobs`, `tokens`: as drawn, for training; null: not wanted.
struct Drawing {
  workflow::PlannerForm form = workflow::PlannerForm::kShort;
  double temperature = 0;
  int most_tokens = 96;
  std::uint64_t seed = 0;
};
Status WriteTries(lm::TokenSampler& sampler, const Drawing& drawing, std::vector<Try>* tries,
                  std::vector<std::vector<int>>* prompts, std::vector<lm::TokenSampler::Drawn>* drawn);

}  // namespace baton::train
