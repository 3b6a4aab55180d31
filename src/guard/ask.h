// The ask guards: a worker reads a text and says whether it may pass. Internal to guard/.
#pragma once

#include <string>
#include <vector>

#include "guard/rule.h"
#include "guard/sink.h"
#include "pool/pool.h"
#include "rails/rails.h"

namespace baton::guard {

// What one question costs and who pays it.
struct Bill {
  budget::Lease* lease = nullptr;
  Cancel* cancel = nullptr;
  std::vector<pool::CallRecord> calls;  // made so far
};

// Lays `text` before every ask guard in turn. A guard whose worker may not see this exchange's data, fails,
// is late or says neither yes nor no could not tell. `told` gets a line for what was flagged.
Task<Word> AskGuards(const Rules& rules, const rails::Permit& permit, pool::Pool& pool, Bill* bill,
                     std::string text, std::vector<std::pair<const Rule*, std::string>>* told);

// "PASS" and "STOP" as a worker writes them, politeness around it aside; nothing when it is neither.
std::optional<bool> ReadWord(std::string_view answer);

}  // namespace baton::guard
