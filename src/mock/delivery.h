// Sends a prepared reply with the faults of its script that concern time and bytes: latency, pace, pieces,
// cut, stall, close.
#pragma once

#include "base/loop.h"
#include "base/task.h"
#include "mock/breakage.h"
#include "net/server.h"

namespace baton::mock {

// True when the reply went as far as the script wanted, false when the client left before.
// `loop`, `prepared` and `reply` must live until the task ends.
Task<bool> Deliver(Loop& loop, const Prepared& prepared, net::Reply& reply);

}  // namespace baton::mock
