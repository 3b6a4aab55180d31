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

bool Ceilings(const Error& e) {
  return e.reason == "request_cost_ceiling" || e.reason == "request_token_ceiling";
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

Status Lease::Grow(std::int64_t usd, std::int64_t tokens) {
  const bool capped = cap_ && ceiling_.usd && usd > cap_->v - ceiling_.usd->v;
  if (!parent_ || capped) return usd > 0 ? OverUsd({usd}) : OverTokens(tokens);
  auto more = parent_->Reserve({usd}, tokens);
  if (!more) return std::move(more).error();
  // One hold from then on: the second one's amounts join the first and it ends without being settled.
  from_parent_->usd_.v += more->usd_.v;
  from_parent_->tokens_ += more->tokens_;
  if (ceiling_.usd) ceiling_.usd->v += more->usd_.v;
  if (ceiling_.tokens) *ceiling_.tokens += more->tokens_;
  more->lease_ = nullptr;
  --parent_->outstanding_;
  return {};
}

void Lease::Risk(Amount change) {
  if (parent_) {
    from_parent_->risk_.usd += change.usd;
    from_parent_->risk_.tokens += change.tokens;
    parent_->Risk(change);
  } else if (funds_) {
    funds_->Risk(change);
  }
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
  if (short_usd > 0 || short_tokens > 0) {
    if (Status grown = Grow(short_usd, short_tokens); !grown) {
      // Of one's own ceiling one speaks oneself; what the budgets above say is for them to say.
      if (!Ceilings(grown.error())) return std::move(grown).error();
      return short_usd > 0 ? OverUsd({usd}) : OverTokens(tokens);
    }
  }
  Hold hold(this, {Room(spent_.v, held_.v, usd)}, Room(tokens_spent_, tokens_held_, tokens));
  if (funds_) {
    if (Status taken = funds_->Take({hold.usd_, hold.tokens_}); !taken) {
      hold.lease_ = nullptr;
      return std::move(taken).error();
    }
  }
  held_ += hold.usd_;
  tokens_held_ += hold.tokens_;
  ++outstanding_;
  return hold;
}

bool Lease::GrowToPay(std::int64_t usd, std::int64_t tokens) {
  const std::int64_t more_usd =
      ceiling_.usd ? std::max<std::int64_t>(usd - (ceiling_.usd->v - spent_.v - held_.v), 0) : 0;
  const std::int64_t more_tokens =
      ceiling_.tokens ? std::max<std::int64_t>(tokens - (*ceiling_.tokens - tokens_spent_ - tokens_held_), 0)
                      : 0;
  return (more_usd <= 0 && more_tokens <= 0) || Grow(more_usd, more_tokens).has_value();
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
    : lease_(std::exchange(o.lease_, nullptr)), usd_(o.usd_), tokens_(o.tokens_), risk_(o.risk_) {}

Lease::Hold::~Hold() {
  if (lease_) Settle({}, 0);
}

void Lease::Hold::Launch() {
  if (!lease_) Broken("a hold was launched after its end");
  const Amount more{{usd_.v - risk_.usd.v}, tokens_ - risk_.tokens};
  risk_ = {usd_, tokens_};
  lease_->Risk(more);
}

Nanos Lease::Hold::Settle(Nanos usd, std::int64_t tokens) {
  if (!lease_) Broken("a hold was settled twice");
  return std::exchange(lease_, nullptr)->Settle(*this, usd, tokens);
}

Nanos Lease::Settle(const Hold& hold, Nanos usd, std::int64_t tokens) {
  held_.v -= hold.usd_.v;
  tokens_held_ -= hold.tokens_;
  --outstanding_;
  std::int64_t pay = std::max<std::int64_t>(usd.v, 0), count = std::max<std::int64_t>(tokens, 0);
  overrun_ |= pay > hold.usd_.v || count > hold.tokens_;
  const auto dispute = [&](std::int64_t most) {
    if (pay <= most) return;
    disputed_.v = AddCapped(disputed_.v, pay - most);
    pay = most;
  };
  if (const auto left = usd_left()) dispute(left->v);
  if (const auto left = tokens_left()) count = std::min(count, *left);
  if (!GrowToPay(pay, count)) {
    // The budgets above have no more than was set aside.
    dispute(hold.usd_.v);
    count = std::min(count, hold.tokens_);
  }
  if (funds_) {
    const Amount paid = funds_->Settle({hold.usd_, hold.tokens_}, hold.risk_, {{pay}, count});
    dispute(paid.usd.v);
    count = paid.tokens;
  } else {
    Risk({{pay - hold.risk_.usd.v}, count - hold.risk_.tokens});
  }
  spent_.v = AddCapped(spent_.v, pay);
  tokens_spent_ = AddCapped(tokens_spent_, count);
  return {pay};
}

}  // namespace baton::budget
