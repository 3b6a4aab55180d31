#include "provider/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace baton::provider {
namespace {

using std::chrono::milliseconds;

milliseconds Bounded(double seconds) {
  constexpr double kDay = 86400;
  return milliseconds(static_cast<std::int64_t>(std::clamp(seconds, 0.0, kDay) * 1000));
}

std::optional<double> Number(std::string_view s) {
  double value = 0;
  const auto got = std::from_chars(s.data(), s.data() + s.size(), value);
  if (got.ec != std::errc() || got.ptr != s.data() + s.size() || !(value >= 0)) return {};
  return value;
}

// "Wed, 21 Oct 2026 07:28:00 GMT"
std::optional<std::time_t> HttpDate(std::string_view s) {
  std::tm tm{};
  const std::string text(s);
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &tm);
  if (!end) return {};
  return ::timegm(&tm);
}

}  // namespace

std::optional<milliseconds> ParseRetryAfter(std::string_view value,
                                            std::optional<std::chrono::system_clock::time_point> now) {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  if (value.empty()) return {};
  if (value.ends_with("ms")) {
    const auto n = Number(value.substr(0, value.size() - 2));
    return n ? std::optional(Bounded(*n / 1000)) : std::nullopt;
  }
  if (value.ends_with("s")) value.remove_suffix(1);  // google.rpc.Duration
  if (const auto n = Number(value)) return Bounded(*n);
  const auto date = HttpDate(value);
  if (!date || !now) return {};
  return Bounded(static_cast<double>(*date - std::chrono::system_clock::to_time_t(*now)));
}

}  // namespace baton::provider
