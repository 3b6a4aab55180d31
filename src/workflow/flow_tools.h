// Inside workflow/: what the builders of plans share.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/flow.h"

namespace baton::workflow {

// The dearest of them by output price: prices are the only measure of strength that is always there. Unpriced
// workers count as free; of equals the first. REQUIRES: not empty.
const pool::Worker* Strongest(const std::vector<const pool::Worker*>& workers, std::int64_t unix_seconds);
// The workers from cheap to dear, equals in the given order.
std::vector<const pool::Worker*> CheapFirst(std::vector<const pool::Worker*> workers,
                                            std::int64_t unix_seconds);
// The worker `name`, or the strongest when it is empty. kInvalidRequest "unknown_worker" for a name that
// there is not; kPermissionDenied "policy_violation" for one the permit forbids.
Result<const pool::Worker*> Named(const Materials& m, const std::string& name);

Clause Is(Clause::What what, StepId step);
Clause Not(Clause test);
Clause Below(StepId step, double confidence);
Clause AtLeast(StepId step, double confidence);
// (a) or (b) or ...
Condition AnyOf(std::initializer_list<Clause> tests);
Condition AllOf(std::initializer_list<Clause> tests);
// The step ran into anything but a good answer: failed, was rejected, or is less sure than `confidence`.
Condition Wanting(StepId step, double confidence);

// A step with its name and workers; `who` is put first and the others stand behind it as fallbacks.
Step Ask(std::string name, Role role, std::vector<const pool::Worker*> workers, std::string instruction = {});
std::vector<const pool::Worker*> First(const pool::Worker* who, const std::vector<const pool::Worker*>& all);

StepId Add(Plan* plan, Step step);
std::vector<StepId> Range(StepId from, StepId to);  // [from, to)
// 0: the standard.
inline int Or(int value, int standard) {
  return value > 0 ? value : standard;
}
inline double Or(double value, double standard) {
  return value > 0 ? value : standard;
}
verify::Sameness SamenessOf(const Materials& m);
// Their tokens' mean probability is at least that, where a worker reports them.
std::vector<std::shared_ptr<const verify::Verifier>> ConfidenceCheck(double least);
// The agreement above which one more answer is not worth its price to a caller who pays `quality` dollars per
// point: it changes the outcome with at most the probability of disagreement, and gains half of that on
// average.
double QuorumWorth(const Materials& m, const pool::Worker& next);

}  // namespace baton::workflow
