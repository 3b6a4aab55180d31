// Feedback in the order in which it came, for whoever learns from it.
#pragma once

#include <cstdint>
#include <vector>

#include "record/feedback.h"
#include "store/database.h"

namespace baton::record {

struct Rating {
  std::int64_t seq = 0;  // rises; where to go on
  Feedback feedback;
};

// At most `limit` of those behind `seq`, oldest first. `db` is a connection to a store that Recorder made.
Result<std::vector<Rating>> RatingsAfter(store::Database& db, std::int64_t seq, int limit);

}  // namespace baton::record
