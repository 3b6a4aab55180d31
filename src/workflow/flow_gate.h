// Whether a workflow that was trained may serve a request at all: asked once, before anything is planned.
#pragma once

#include <functional>
#include <string>

#include "base/task.h"
#include "chat/types.h"
#include "pool/pool.h"

namespace baton::workflow {

// The worker that answers alone instead; empty: the workflow may run.
struct LeftTo {
  std::string worker;
  std::string reason;  // for the trace
};
// Called on the run's loop; `request` and `pool` outlive the task. A gate that cannot tell lets nobody in.
using FlowGate = std::function<Task<LeftTo>(const chat::Request& request, pool::Pool& pool)>;

}  // namespace baton::workflow
