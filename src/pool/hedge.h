// Hedging: when the first candidate has not begun to answer after `hedge_after`, the next one is asked too.
//
// It costs a second call, so it is opt-in per worker, takes a try from the retry budget, and happens only
// when the second call's worst case still fits the lease beside the first's. The first try whose answer
// reaches the client (or, for a whole answer, is complete) has won; the other is cancelled, and both are
// settled and recorded.
#pragma once

#include <optional>

#include "base/signal.h"
#include "pool/call.h"

namespace baton::pool {

struct Race {
  explicit Race(Loop& loop) : changed(loop) {}
  // A try may put its answer through the gate: true for the first that asks.
  bool Claim(Try& t) {
    if (!winner) {
      winner = &t;
      changed.Set();
    }
    return winner == &t;
  }
  Signal changed;  // a try began to answer, won or ended
  Try* winner = nullptr;
  Try* last = nullptr;  // the try that ended last
};

// The first candidate of a race would be asked with a hedge behind it.
bool MayHedge(const Call& c, const Try& first);
// Runs `first`, and `second` where it comes to that; returns when both have ended. The winner, or the one
// that failed last. REQUIRES: `first` prepared.
Task<Try*> RunRace(Call& c, Try& first, std::optional<Try>& second);

}  // namespace baton::pool
