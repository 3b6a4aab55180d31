#include "pool/decide.h"

#include <algorithm>

namespace baton::pool {
namespace {

using provider::Fault;

bool Busy(const Facts& f) {
  return f.failure->fault == Fault::kRateLimited || f.failure->fault == Fault::kOverloaded;
}

bool AsksForAMoment(const Facts& f) {
  const auto& wait = f.failure->error.retry_after;
  // The last try goes to another candidate if there is one: a worker that says "a moment" every time must not
  // use up the whole budget while one that could answer stands by.
  const bool last_for_another = f.another && f.tries_left <= 1;
  return Busy(f) && wait && wait->count() > 0 && *wait <= f.short_wait && !last_for_another;
}

struct Rule {
  bool (*holds)(const Facts&);
  Decision then;
};

// Order matters, top to bottom; each line says why it stands where it stands.
constexpr Rule kRules[] = {
    {[](const Facts& f) { return f.failure == nullptr; }, {Next::kDone, "answered"}},
    // Before every other thought: a second answer after the first bytes of one would garble the client's
    // text.
    {[](const Facts& f) { return f.delivered; }, {Next::kGiveUp, "already_delivered"}},
    // A tool that ran twice may have paid twice.
    {[](const Facts& f) { return f.acted; }, {Next::kGiveUp, "may_have_acted"}},
    {[](const Facts& f) { return f.cancelled; }, {Next::kGiveUp, "cancelled"}},
    {[](const Facts& f) { return f.out_of_time; }, {Next::kGiveUp, "deadline"}},
    // Nothing was sent and nothing is wrong with the request: another kind of worker may honour it, for free.
    {[](const Facts& f) { return f.failure->error.code == Code::kUnsupported && f.another; },
     {Next::kFallBack, "unsupported"}},
    // The request itself is at fault: whoever serves it will say the same, so the client hears it as it is.
    {[](const Facts& f) { return f.failure->fault == Fault::kClientRequest; },
     {Next::kGiveUp, "client_request"}},
    {[](const Facts& f) { return f.failure->fault == Fault::kContentRefused; },
     {Next::kGiveUp, "content_refused"}},
    // From here on a further try could help; the budget says whether there is one.
    {[](const Facts& f) { return f.tries_left <= 0; }, {Next::kGiveUp, "retry_budget_spent"}},
    // `another` already means: with a larger context.
    {[](const Facts& f) { return f.failure->fault == Fault::kContextOverflow && f.another; },
     {Next::kFallBack, "context_overflow"}},
    {[](const Facts& f) { return f.failure->fault == Fault::kContextOverflow; },
     {Next::kGiveUp, "context_overflow"}},
    // It named a time, and a short one: take it at its word before preferring a lesser candidate.
    {AsksForAMoment, {Next::kRetrySame, "short_retry_after"}},
    {[](const Facts& f) { return f.another; }, {Next::kFallBack, "worker_failed"}},
    // The last candidate is asked again only where it surely did not work on the request: no double cost.
    {[](const Facts& f) { return Busy(f) && !f.failure->error.retry_after; }, {Next::kRetrySame, "busy"}},
    {[](const Facts& f) { return f.failure->fault == Fault::kTransport && !f.sent; },
     {Next::kRetrySame, "not_sent"}},
    {[](const Facts&) { return true; }, {Next::kGiveUp, "no_candidate_left"}},
};

}  // namespace

Decision Decide(const Facts& facts) {
  for (const Rule& rule : kRules) {
    if (rule.holds(facts)) return rule.then;
  }
  return {};
}

Duration BackOff(const RetryPolicy& policy, int again, const Error& error, Random& random) {
  Duration full = policy.first_backoff;
  for (int i = 0; i < again && full < policy.max_backoff; ++i) full *= 2;
  full = std::max(std::min(full, policy.max_backoff), Duration::zero());
  // Half fixed, half random: clients that failed together do not come back together.
  const double half = static_cast<double>(full.count()) / 2;
  const Duration jittered(static_cast<std::int64_t>(half + half * random.Unit()));
  return std::max<Duration>(jittered, error.retry_after.value_or(std::chrono::milliseconds(0)));
}

}  // namespace baton::pool
