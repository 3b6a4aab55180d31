#include "budget/purse.h"

#include <algorithm>
#include <optional>

namespace baton::budget {
namespace {

class PurseFunds : public Funds {
 public:
  PurseFunds(std::shared_ptr<const Purse> purse, const Clock& clock)
      : purse_(std::move(purse)), clock_(clock) {
    if (purse_->ledger && !purse_->claims->all.empty()) draw_.emplace(*purse_->ledger, purse_->claims);
  }

  // The limit first: it costs no line, and what it refuses may be tried again.
  Status Take(Amount worst) override {
    const Throttle* limit = purse_->throttle.get();
    const TimePoint now = limit ? clock_.Now() : TimePoint();
    if (limit) TRY_VOID(limit->TakeTokens(now, worst.tokens));
    if (draw_) {
      if (Status taken = draw_->Take(worst); !taken) {
        if (limit) limit->CorrectTokens(now, -worst.tokens, now);
        return taken;
      }
    }
    if (limit) taken_.push_back({now, worst.tokens});
    return {};
  }

  void Risk(Amount change) override {
    if (draw_) draw_->Risk(change);
  }

  Amount Settle(Amount taken, Amount risked, Amount claimed) override {
    const Amount paid = draw_ ? draw_->Settle(taken, risked, claimed) : claimed;
    if (purse_->throttle) Correct(taken.tokens, claimed.tokens);
    return paid;
  }

 private:
  struct Taken {
    TimePoint at;
    std::int64_t tokens;
  };
  // Holds may be joined and end in any order; what is settled is taken off the oldest seconds first.
  void Correct(std::int64_t taken, std::int64_t used) {
    const TimePoint now = clock_.Now();
    while (!taken_.empty() && taken > 0) {
      Taken& first = taken_.front();
      const std::int64_t part = std::min(first.tokens, taken);
      const std::int64_t kept = std::min(part, used);
      purse_->throttle->CorrectTokens(first.at, kept - part, now);
      taken -= part;
      used -= kept;
      if ((first.tokens -= part) == 0) taken_.erase(taken_.begin());
    }
    if (used > 0) purse_->throttle->CorrectTokens(now, used, now);  // more than was expected
  }

  const std::shared_ptr<const Purse> purse_;
  const Clock& clock_;
  std::optional<Draw> draw_;
  std::vector<Taken> taken_;
};

}  // namespace

std::unique_ptr<Funds> OpenPurse(std::shared_ptr<const Purse> purse, const Clock& clock) {
  if (!purse || (!purse->throttle && (!purse->ledger || purse->claims->all.empty()))) return nullptr;
  return std::make_unique<PurseFunds>(std::move(purse), clock);
}

}  // namespace baton::budget
