// After MasRouter (Yue et al., ACL 2025): one controller decides from the question alone, before anybody
// works, how many collaborate in which form and who takes which place; trained by policy gradient on score
// less dollars.
//
// What is the same: the cascade of decisions (form, then a worker for each place, each drawn from a softmax
// over the question's representation), forms of one to three agents, REINFORCE with the cost in the reward.
// What differs, so that the comparison is one of policies and not of parts: the representation is the
// coordinator's (the reading model's hidden state instead of an encoder of its own and a variational latent),
// places keep their fixed prompts (no library of twenty-six roles), and the pool is ours.
#pragma once

#include "conduct/optimise.h"

namespace baton::conduct {

// What the controller may choose: everybody alone; one thinks, another answers; one answers, another
// improves; two answer apart, a third decides.
inline constexpr std::size_t kForms = 4;
inline constexpr std::size_t kPlaces[kForms] = {1, 2, 2, 3};

struct MasRouter {
  std::size_t workers = 0, width = 0;
  std::vector<float> head;  // (forms + 3 places x workers) rows of `width`
  std::size_t rows() const { return kForms + 3 * workers; }
};

// As many rollouts as the other controls get with these options. Problems' first states come from `turns`.
Task<MasRouter> TrainMasRouter(Rollouts& rollouts, const std::vector<arena::Problem>& problems,
                               const SingleTurns& turns, OptimiseOptions options);
// The likeliest choices. What the reading model reads is in the bill.
Task<std::vector<arena::Rollout>> PlayMasRouter(Rollouts& rollouts, const MasRouter& router,
                                                const std::vector<arena::Problem>& problems,
                                                const SingleTurns& turns);

}  // namespace baton::conduct
