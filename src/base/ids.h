// Exchange ids: 63 bits that sort by time and fit SQLite's rowid, so that the record needs no second index.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"

namespace baton {

// Milliseconds since 2020 (41 bits), then a counter with a random start in each millisecond (22 bits).
using ExchangeId = std::int64_t;

class IdSource {
 public:
  // `seed` makes ids of two servers on one store unlikely to meet; the store refuses a duplicate all the
  // same.
  IdSource(const Clock& clock, std::uint64_t seed) : clock_(clock), salt_(seed) {}
  // Strictly increasing, also when the wall clock steps back. Thread safe.
  ExchangeId Next();

 private:
  const Clock& clock_;
  Mutex m_;
  std::uint64_t salt_ GUARDED_BY(m_);
  ExchangeId last_ GUARDED_BY(m_) = 0;
};

// "ex_" and 13 characters of Crockford base 32, sorted like the number.
std::string FormatExchangeId(ExchangeId id);
std::optional<ExchangeId> ParseExchangeId(std::string_view text);
// When the exchange began, nanoseconds since 1970.
std::int64_t ExchangeUnixNanos(ExchangeId id);
// The first id of that moment: for range queries by time.
ExchangeId FirstIdAt(std::int64_t unix_nanos);

}  // namespace baton
