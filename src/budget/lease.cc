#include "budget/lease.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>

namespace baton::budget {
namespace {

// Losing track of money is a bug here, never a condition to carry on from.
[[noreturn]] void Broken(const char* what) {
  std::fprintf(stderr, "baton: broken invariant in budget/lease: %s\n", what);
  std::abort();
}

// How much of `want` can be added to `held` without overflow. A worst case near the type's end only occurs
// without a ceiling, where the hold is a formality.
std::int64_t Room(std::int64_t spent, std::int64_t held, std::int64_t want) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() - held - spent;
  return std::clamp<std::int64_t>(want, 0, std::max<std::int64_t>(most, 0));
}

std::int64_t AddCapped(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::numeric_limits<std::int64_t>::max();
  return sum;
}

}  // namespace

Lease::~Lease() {
  if (outstanding_ != 0) Broken("a lease ended with a hold outstanding");
}

Result<Lease::Hold> Lease::Reserve(Nanos worst_usd, std::int64_t worst_tokens) {
  const std::int64_t usd = std::max<std::int64_t>(worst_usd.v, 0);
  const std::int64_t tokens = std::max<std::int64_t>(worst_tokens, 0);
  if (ceiling_.usd && usd > ceiling_.usd->v - spent_.v - held_.v) {
    return Fail(Code::kOverBudget,
                "this call could cost up to $" + FormatUsd({usd}) + ", but only $" + FormatUsd(*usd_left()) +
                    " of the request's ceiling of $" + FormatUsd(*ceiling_.usd) +
                    " is left: raise the ceiling or lower max_tokens",
                "request_cost_ceiling");
  }
  if (ceiling_.tokens && tokens > *ceiling_.tokens - tokens_spent_ - tokens_held_) {
    return Fail(Code::kOverBudget,
                "this call could use up to " + std::to_string(tokens) +
                    " tokens, which the request's ceiling of " + std::to_string(*ceiling_.tokens) +
                    " does not allow: raise the ceiling or lower max_tokens",
                "request_token_ceiling");
  }
  Hold hold(this, {Room(spent_.v, held_.v, usd)}, Room(tokens_spent_, tokens_held_, tokens));
  held_ += hold.usd_;
  tokens_held_ += hold.tokens_;
  ++outstanding_;
  return hold;
}

std::optional<Nanos> Lease::usd_left() const {
  if (!ceiling_.usd) return std::nullopt;
  return Nanos{std::max<std::int64_t>(ceiling_.usd->v - spent_.v - held_.v, 0)};
}

Lease::Hold::Hold(Hold&& o) noexcept
    : lease_(std::exchange(o.lease_, nullptr)), usd_(o.usd_), tokens_(o.tokens_) {}

Lease::Hold::~Hold() {
  if (lease_) Settle({}, 0);
}

void Lease::Hold::Settle(Nanos usd, std::int64_t tokens) {
  if (!lease_) Broken("a hold was settled twice");
  Lease& lease = *std::exchange(lease_, nullptr);
  lease.held_.v -= usd_.v;
  lease.tokens_held_ -= tokens_;
  lease.spent_.v = AddCapped(lease.spent_.v, std::max<std::int64_t>(usd.v, 0));
  lease.tokens_spent_ = AddCapped(lease.tokens_spent_, std::max<std::int64_t>(tokens, 0));
  lease.overrun_ |= usd > usd_ || tokens > tokens_;
  --lease.outstanding_;
}

}  // namespace baton::budget
