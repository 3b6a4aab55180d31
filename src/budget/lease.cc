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
  if (from_parent_) from_parent_->Settle(spent_, tokens_spent_);
  if (parent_) parent_->disputed_.v = AddCapped(parent_->disputed_.v, disputed_.v);
}

Result<std::unique_ptr<Lease>> Lease::Carve(Lease& parent, Nanos usd, std::int64_t tokens, Deadline deadline,
                                            std::optional<Nanos> cap) {
  if (cap && usd > *cap) {
    return Fail(Code::kOverBudget,
                "this step could cost up to $" + FormatUsd(usd) + ", above its own limit of $" +
                    FormatUsd(*cap) + ": raise the limit or lower its output cap",
                "step_cost_ceiling");
  }
  auto hold = parent.Reserve(usd, tokens);
  if (!hold) return std::move(hold).error();
  Ceiling ceiling;
  if (parent.ceiling_.usd) ceiling.usd = Nanos{hold->usd_};
  if (parent.ceiling_.tokens) ceiling.tokens = hold->tokens_;
  ceiling.deadline = parent.ceiling_.deadline.Earlier(deadline);
  if (cap && !ceiling.usd) ceiling.usd = cap;
  auto part = std::make_unique<Lease>(ceiling);
  part->parent_ = &parent;
  part->from_parent_.emplace(std::move(*hold));
  part->cap_ = cap;
  return part;
}

bool Lease::Grow(std::int64_t usd, std::int64_t tokens) {
  if (!parent_) return false;
  if (cap_ && ceiling_.usd && usd > cap_->v - ceiling_.usd->v) return false;
  auto more = parent_->Reserve({usd}, tokens);
  if (!more) return false;
  // One hold from then on: the second one's amounts join the first and it ends without being settled.
  from_parent_->usd_.v += more->usd_.v;
  from_parent_->tokens_ += more->tokens_;
  if (ceiling_.usd) ceiling_.usd->v += more->usd_.v;
  if (ceiling_.tokens) *ceiling_.tokens += more->tokens_;
  more->lease_ = nullptr;
  --parent_->outstanding_;
  return true;
}

Result<Lease::Hold> Lease::Reserve(Nanos worst_usd, std::int64_t worst_tokens) {
  const std::int64_t usd = std::max<std::int64_t>(worst_usd.v, 0);
  const std::int64_t tokens = std::max<std::int64_t>(worst_tokens, 0);
  const auto missing = [](std::int64_t want, std::int64_t ceiling, std::int64_t taken) {
    return std::max<std::int64_t>(want - (ceiling - taken), 0);
  };
  const std::int64_t short_usd = ceiling_.usd ? missing(usd, ceiling_.usd->v, spent_.v + held_.v) : 0;
  const std::int64_t short_tokens =
      ceiling_.tokens ? missing(tokens, *ceiling_.tokens, tokens_spent_ + tokens_held_) : 0;
  if ((short_usd > 0 || short_tokens > 0) && !Grow(short_usd, short_tokens)) {
    return short_usd > 0 ? OverUsd({usd}) : OverTokens(tokens);
  }
  Hold hold(this, {Room(spent_.v, held_.v, usd)}, Room(tokens_spent_, tokens_held_, tokens));
  held_ += hold.usd_;
  tokens_held_ += hold.tokens_;
  ++outstanding_;
  return hold;
}

void Lease::GrowToPay(std::int64_t usd, std::int64_t tokens) {
  const std::int64_t more_usd =
      ceiling_.usd ? std::max<std::int64_t>(usd - (ceiling_.usd->v - spent_.v - held_.v), 0) : 0;
  const std::int64_t more_tokens =
      ceiling_.tokens ? std::max<std::int64_t>(tokens - (*ceiling_.tokens - tokens_spent_ - tokens_held_), 0)
                      : 0;
  if ((more_usd > 0 || more_tokens > 0) && !Grow(more_usd, more_tokens)) {
    Broken("a part's parent promised room that it does not have");
  }
}

const Lease& Lease::Whole() const {
  const Lease* at = this;
  while (at->parent_) at = at->parent_;
  return *at;
}

Error Lease::OverUsd(Nanos worst) const {
  return Fail(Code::kOverBudget,
              "this call could cost up to $" + FormatUsd(worst) + ", but only $" +
                  FormatUsd(usd_left().value_or(Nanos{})) + " of the request's ceiling of $" +
                  FormatUsd(Whole().ceiling_.usd.value_or(*ceiling_.usd)) +
                  " is left: raise the ceiling or lower max_tokens",
              "request_cost_ceiling");
}

Error Lease::OverTokens(std::int64_t worst) const {
  return Fail(Code::kOverBudget,
              "this call could use up to " + std::to_string(worst) +
                  " tokens, which the request's ceiling of " +
                  std::to_string(Whole().ceiling_.tokens.value_or(*ceiling_.tokens)) +
                  " does not allow: raise the ceiling or lower max_tokens",
              "request_token_ceiling");
}

std::optional<Nanos> Lease::usd_left() const {
  if (!ceiling_.usd) return std::nullopt;
  std::int64_t left = std::max<std::int64_t>(ceiling_.usd->v - spent_.v - held_.v, 0);
  if (parent_ && parent_->ceiling_.usd) {
    std::int64_t more = parent_->usd_left()->v;
    if (cap_) more = std::clamp<std::int64_t>(cap_->v - ceiling_.usd->v, 0, more);
    left += more;
  }
  return Nanos{left};
}

std::optional<std::int64_t> Lease::tokens_left() const {
  if (!ceiling_.tokens) return std::nullopt;
  std::int64_t left = std::max<std::int64_t>(*ceiling_.tokens - tokens_spent_ - tokens_held_, 0);
  if (parent_) left += parent_->tokens_left().value_or(0);
  return left;
}

Lease::Hold::Hold(Hold&& o) noexcept
    : lease_(std::exchange(o.lease_, nullptr)), usd_(o.usd_), tokens_(o.tokens_) {}

Lease::Hold::~Hold() {
  if (lease_) Settle({}, 0);
}

Nanos Lease::Hold::Settle(Nanos usd, std::int64_t tokens) {
  if (!lease_) Broken("a hold was settled twice");
  Lease& lease = *std::exchange(lease_, nullptr);
  lease.held_.v -= usd_.v;
  lease.tokens_held_ -= tokens_;
  --lease.outstanding_;
  std::int64_t pay = std::max<std::int64_t>(usd.v, 0), count = std::max<std::int64_t>(tokens, 0);
  lease.overrun_ |= pay > usd_.v || count > tokens_;
  if (const auto left = lease.usd_left(); left && pay > left->v) {
    lease.disputed_.v = AddCapped(lease.disputed_.v, pay - left->v);
    pay = left->v;
  }
  if (const auto left = lease.tokens_left(); left) count = std::min(count, *left);
  lease.GrowToPay(pay, count);
  lease.spent_.v = AddCapped(lease.spent_.v, pay);
  lease.tokens_spent_ = AddCapped(lease.tokens_spent_, count);
  return {pay};
}

}  // namespace baton::budget
