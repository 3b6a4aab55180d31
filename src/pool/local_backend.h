// A worker that is a model in this process.
#pragma once

#include <memory>

#include "base/loop.h"
#include "lm/engine.h"
#include "pool/backend.h"

namespace baton::pool {

// `engine` may be shared by many backends, on any loops; null (its file could not be loaded) gives a backend
// whose every call fails and says so. Events come back to `loop`, which outlives the backend and its calls.
std::unique_ptr<Backend> CreateLocalBackend(std::shared_ptr<const Worker> worker, Loop& loop,
                                            std::shared_ptr<lm::Engine> engine);

}  // namespace baton::pool
