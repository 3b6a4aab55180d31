#include "base/ids.h"

#include <algorithm>

namespace baton {
namespace {
constexpr std::int64_t kEpochMillis = 1'577'836'800'000;  // 2020-01-01
constexpr int kCounterBits = 22;
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view kPrefix = "ex_";
constexpr int kDigits = 13;
}  // namespace

ExchangeId FirstIdAt(std::int64_t unix_nanos) {
  const std::int64_t millis = std::max<std::int64_t>(0, unix_nanos / 1'000'000 - kEpochMillis);
  return millis << kCounterBits;
}

ExchangeId IdSource::Next() {
  MutexLock lock(m_);
  // A random start below a quarter of the range leaves three million ids for one millisecond; past that the
  // counter runs into the next millisecond, which costs nothing but a slightly early time stamp.
  salt_ = salt_ * 6364136223846793005u + 1442695040888963407u;
  const ExchangeId fresh =
      FirstIdAt(clock_.UnixNanos()) | static_cast<ExchangeId>(salt_ >> (64 - kCounterBits + 2));
  last_ = (fresh >> kCounterBits) > (last_ >> kCounterBits) ? fresh : last_ + 1;
  return last_;
}

std::string FormatExchangeId(ExchangeId id) {
  std::string s(kPrefix.size() + kDigits, '0');
  std::copy(kPrefix.begin(), kPrefix.end(), s.begin());
  auto v = static_cast<std::uint64_t>(id);
  for (std::size_t i = s.size(); i-- > kPrefix.size(); v >>= 5) s[i] = kAlphabet[v & 31];
  return s;
}

std::optional<ExchangeId> ParseExchangeId(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kDigits) return std::nullopt;
  std::uint64_t v = 0;
  for (char c : text.substr(kPrefix.size())) {
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos || v >> 58) return std::nullopt;
    v = v << 5 | digit;
  }
  return static_cast<ExchangeId>(v);
}

std::int64_t ExchangeUnixNanos(ExchangeId id) {
  return ((id >> kCounterBits) + kEpochMillis) * 1'000'000;
}

}  // namespace baton
