// From the record to what learning reads: a rated exchange, and the log of a shadow.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "learn/off_policy.h"
#include "learn/teacher.h"
#include "record/provenance.h"

namespace baton::adapt {

// nullopt: nothing learned decided this exchange, or it was judged before (`rating` is not its first
// feedback): one answer is one lesson, however often it is rated.
std::optional<learn::Rated> RatedOf(const record::Provenance& record, const record::Feedback& rating);

// What the candidate in shadow would have earned: the rated ones among `records` that were decided with a
// candidate beside, since `since_unix_ns`. `value_usd`: of a point. `own`: mean utility of what was done.
struct ShadowLog {
  std::vector<learn::LoggedDecision> decisions;
  double own = 0;
};
ShadowLog ShadowLogOf(std::span<const record::Provenance> records, std::int64_t since_unix_ns,
                      double value_usd);

}  // namespace baton::adapt
