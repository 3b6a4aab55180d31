// Inside the ledger: what the words of its records mean, and arithmetic that stops at the type's ends.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "budget/ledger.h"

namespace baton::budget {

// Words of an account.
enum AccountWord : std::size_t {
  kIdHigh,
  kIdLow,
  kPeriodStart,
  kSpentUsd,
  kSpentTokens,
  kHeldUsd,
  kHeldTokens,
  kBeforeStart,  // the period before this one, and what was spent in it
  kBeforeUsd,
  kBeforeTokens,
  kPresumedUsd,
  kPresumedTokens,
  kDisputedUsd,
  kDisputedTokens,
  kKind,
  kWords,
};
// Words of a line. Its accounts, two to a word, begin at kFirst.
enum LineWord : std::size_t { kUsed, kStripe, kCount, kLineUsd, kLineTokens, kRiskUsd, kRiskTokens, kFirst };
static_assert(kWords <= LedgerFile::kRecordWords);
static_assert(kFirst + Claims::kMax / 2 <= LedgerFile::kRecordWords);

inline std::int64_t Add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    return b > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  return sum;
}

inline Amount Plus(Amount a, Amount b) {
  return {{Add(a.usd.v, b.usd.v)}, Add(a.tokens, b.tokens)};
}
inline Amount Minus(Amount a, Amount b) {
  return {{Add(a.usd.v, -b.usd.v)}, Add(a.tokens, -b.tokens)};
}
inline Amount AtLeastZero(Amount a) {
  return {{std::max<std::int64_t>(a.usd.v, 0)}, std::max<std::int64_t>(a.tokens, 0)};
}

// An account as it is, or as it will be.
struct Ledger::State {
  std::array<std::int64_t, kWords> w{};
  Amount spent() const { return {{w[kSpentUsd]}, w[kSpentTokens]}; }
  Amount held() const { return {{w[kHeldUsd]}, w[kHeldTokens]}; }
  void Set(AccountWord usd, AccountWord tokens, Amount a) { w[usd] = a.usd.v, w[tokens] = a.tokens; }
  void SetSpent(Amount a) { Set(kSpentUsd, kSpentTokens, a); }
  void SetHeld(Amount a) { Set(kHeldUsd, kHeldTokens, a); }
  void AddTo(AccountWord usd, AccountWord tokens, Amount a) {
    w[usd] = Add(w[usd], a.usd.v);
    w[tokens] = Add(w[tokens], a.tokens);
  }
};

}  // namespace baton::budget
