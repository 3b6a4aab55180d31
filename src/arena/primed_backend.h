// A base model made into a worker that can be asked: it only ever continues text, so it is shown what a
// question and its answer look like, and is stopped at the end of its line.
//
// Without examples a base model goes on as the web would: numbered lists, the question again, until its
// tokens are spent. Three examples cost as much to read as a dozen tokens to write, and bring its answers
// from thirty tokens to a handful. The examples share no template with any family of problems, in either
// split.
#pragma once

#include <memory>

#include "pool/backend.h"

namespace baton::arena {

// Hands on to `inner` with examples before the question and a stop at the end of the line. A request with
// instructions of its own (a system message) or for a form (JSON) goes through as it is, as do planners'
// tasks, which want several lines.
std::unique_ptr<pool::Backend> PrimedBackend(std::unique_ptr<pool::Backend> inner);
// What it makes of a request. Pure.
chat::Request Primed(const chat::Request& request);

}  // namespace baton::arena
