// The most a step can cost, known before it starts: its input (what it sees is here, or capped), its output
// cap, the price of the dearest worker it may ask, its tool turns and its checks.
#pragma once

#include <cstdint>

#include "budget/money.h"
#include "workflow/progress.h"

namespace baton::workflow {

struct Worst {
  budget::Nanos usd;
  std::int64_t tokens = 0;  // input and output of all its calls
  bool unpriced = false;    // some worker has no price: usd is a lower bound
};

// Of one result of a tool of the pool; longer results are cut.
inline constexpr std::int64_t kToolResultTokens = 2048;
// Below this an answer is no answer: a step is dropped rather than capped further.
inline constexpr std::int64_t kLeastOutput = 32;

// Output tokens the step may ask of `worker`.
std::int64_t OutputCap(const Step& step, const pool::Worker& worker, const chat::Request& client);
// The largest over its workers.
std::int64_t OutputCap(const Step& step, const chat::Request& client);

// `client_tokens`: estimate of the client's conversation. `cap`: output cap to assume; 0: the step's own.
Worst WorstOf(const Plan& plan, const std::vector<StepState>& states, StepId id, const chat::Request& client,
              std::int64_t client_tokens, std::int64_t unix_seconds, std::int64_t cap = 0);

// Over all steps, as if each ran: what `baton route` prints.
Worst WorstOfAll(const Plan& plan, const chat::Request& client, std::int64_t client_tokens,
                 std::int64_t unix_seconds);

}  // namespace baton::workflow
