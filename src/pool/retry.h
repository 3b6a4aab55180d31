// The only retry loop in Baton.
#pragma once

#include <optional>

#include "pool/call.h"

namespace baton::pool {

struct CallEnd {
  LiveWorker* live = nullptr;  // who answered, or was asked last; null: nobody was asked
  AttemptResult result;        // of that try
  std::optional<Error> error;  // set: no answer
};

// Asks the candidates by the rules of decide.h until one answers or nothing more may be tried. On return
// every hold is settled, every slot given back, and `c.records` has a row per try.
Task<CallEnd> RunCall(Call& c);

}  // namespace baton::pool
