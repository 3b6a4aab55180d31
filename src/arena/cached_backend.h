// A worker whose repeatable answers are asked for once.
#pragma once

#include <memory>

#include "arena/memo.h"
#include "base/loop.h"
#include "pool/backend.h"

namespace baton::arena {

// Answers from `memo` what has been asked before word for word with temperature 0 or a seed, with the tokens
// the first answer took: what is charged is what the call would have cost. Two equal calls at the same time
// are one. Streams, tools and embeddings go through. `memo` outlives the backend.
std::unique_ptr<pool::Backend> CachedBackend(std::shared_ptr<const pool::Worker> worker, Loop& loop,
                                             Memo& memo, std::unique_ptr<pool::Backend> inner);

// Everything of a request that can change a repeatable answer, in one text; empty: not repeatable, or nothing
// a text can say (media, tools).
std::string KeyOf(const pool::Worker& worker, const chat::Request& request);

}  // namespace baton::arena
