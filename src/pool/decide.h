// What to do after a try: one ordered list of rules, pure, tested rule by rule. Waiting is arithmetic beside
// it.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "pool/pool.h"

namespace baton::pool {

enum class Next { kDone, kRetrySame, kFallBack, kGiveUp };

// All that the decision may depend on.
struct Facts {
  const provider::Failure* failure = nullptr;  // null: answered
  bool acted = false;                          // it may have had an effect
  bool delivered = false;                      // the client has seen a part of this answer
  bool cancelled = false;                      // who asked has left
  bool out_of_time = false;                    // the exchange's own deadline has passed
  bool sent = false;                           // the provider may have begun to work on it
  bool another = false;                        // a further candidate would take it now
  int tries_left = 0;                          // of the retry budget
  Duration short_wait{};                       // RetryPolicy's
};

struct Decision {
  Next next = Next::kGiveUp;
  std::string_view why;  // the rule's name: a metric label and a word for people
};

// The first rule that holds, from the top. `RuleNames` in order, for docs and tests.
Decision Decide(const Facts& facts);

// How long to wait before the same worker is asked again for the `again`-th time (from 0): exponential with
// jitter, and never less than the provider asked for.
Duration BackOff(const RetryPolicy& policy, int again, const Error& error, Random& random);

}  // namespace baton::pool
