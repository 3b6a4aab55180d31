// What a model in this process does with each parameter of a request: honours it, emulates it, leaves it out
// and says so, or refuses. The counterpart of provider/loss.h for the one worker that has no wire.
#pragma once

#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "lm/engine.h"
#include "provider/dialect.h"

namespace baton::pool {

struct LocalPlan {
  chat::Request request;  // as the engine gets it: what is lost has been taken out
  std::vector<provider::Loss> losses;
};

// kUnsupported, with `param`, when something given must not be degraded, or when the target is strict and
// something would be dropped.
Result<LocalPlan> PlanLocal(const chat::Request& request, const provider::Target& target,
                            const lm::ModelInfo& model);

}  // namespace baton::pool
