// The end of a try: what went wrong in one name, what it cost, what it says about the worker, its ledger row.
#pragma once

#include "pool/call.h"

namespace baton::pool {

// Settles the lease, reports to the breaker, gives the slot back and completes the try's record. Once per
// try.
void Finish(Try& t);

// Tokens of output that `response` holds so far, where nobody counted: a quarter of its characters, rounded
// up.
std::int64_t EstimateOutput(const chat::Response& response);

// What the try is charged for. Fills gaps in what the worker reported: nothing where nothing can have been
// spent (never sent, or refused by the provider with a status), otherwise our estimate with known == false.
chat::Usage ChargedUsage(const AttemptResult& result, std::int64_t input_tokens);

}  // namespace baton::pool
