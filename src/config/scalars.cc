#include "config/scalars.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>

namespace baton::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};
constexpr Unit kTimes[] = {{"ns", 1},
                           {"us", 1'000},
                           {"ms", 1'000'000},
                           {"s", 1'000'000'000},
                           {"m", 60'000'000'000},
                           {"h", 3'600'000'000'000},
                           {"d", 86'400'000'000'000}};
constexpr Unit kSizes[] = {{"", 1},         {"B", 1},         {"KB", 1 << 10}, {"KiB", 1 << 10},
                           {"MB", 1 << 20}, {"MiB", 1 << 20}, {"GB", 1 << 30}, {"GiB", 1 << 30}};

// "12.5ms" -> 12, 500 thousandths, "ms". False when it does not begin with a figure.
bool Split(std::string_view text, std::int64_t* whole, std::int64_t* thousandths, std::string_view* unit) {
  const char* end = text.data() + text.size();
  auto [p, error] = std::from_chars(text.data(), end, *whole);
  if (error != std::errc() || *whole < 0) return false;
  *thousandths = 0;
  if (p < end && *p == '.') {
    int places = 0;
    for (++p; p < end && *p >= '0' && *p <= '9'; ++p, ++places) {
      if (places >= 3) return false;
      *thousandths = *thousandths * 10 + (*p - '0');
    }
    if (places == 0) return false;
    for (; places < 3; ++places) *thousandths *= 10;
  }
  while (p < end && *p == ' ') ++p;
  *unit = std::string_view(p, static_cast<std::size_t>(end - p));
  return true;
}

// whole and thousandths of `size`, or false when it does not fit.
bool Scale(std::int64_t whole, std::int64_t thousandths, std::int64_t size, std::int64_t* out) {
  if (whole > (std::int64_t{1} << 62) / size) return false;
  *out = whole * size + thousandths * size / 1000;
  return true;
}

}  // namespace

std::string ReadDuration(std::string_view text, Duration* out) {
  std::int64_t whole = 0, part = 0, value = 0;
  std::string_view unit;
  if (Split(text, &whole, &part, &unit)) {
    if (unit.empty() && whole == 0 && part == 0) return *out = Duration::zero(), "";
    if (unit.empty()) return fmt::format("'{}' needs a unit: {}s or {}ms?", text, text, text);
    for (const auto& u : kTimes) {
      if (u.name == unit && Scale(whole, part, u.size, &value)) return *out = Duration(value), "";
    }
  }
  return fmt::format("'{}' is no duration; write 10s, 1500ms, 5m, 2h or 90d", text);
}

std::string ReadSize(std::string_view text, std::int64_t* out) {
  std::int64_t whole = 0, part = 0;
  std::string_view unit;
  if (Split(text, &whole, &part, &unit)) {
    for (const auto& u : kSizes) {
      if (u.name == unit && (part == 0 || u.size > 1) && Scale(whole, part, u.size, out)) return "";
    }
  }
  return fmt::format("'{}' is no size; write 65536, 64KB, 32MB or 1GB", text);
}

std::string ReadMoney(std::string_view text, budget::Nanos* out) {
  auto parsed = budget::ParseUsd(text);
  if (parsed && parsed->v >= 0) return *out = *parsed, "";
  return fmt::format(
      "'{}' is no amount in USD; write a decimal figure like 1.25 (at most nine places, no sign, no "
      "exponent)",
      text);
}

std::string ReadInteger(std::string_view text, std::int64_t* out) {
  std::string digits;
  for (char c : text) {
    if (c != '_') digits += c;  // 400_000
  }
  auto [p, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *out);
  if (error == std::errc() && p == digits.data() + digits.size()) return "";
  return fmt::format("'{}' is no whole number", text);
}

std::string ReadNumber(std::string_view text, double* out) {
  auto [p, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  if (error == std::errc() && p == text.data() + text.size() && std::isfinite(*out)) return "";
  return fmt::format("'{}' is no number", text);
}

std::string ReadFlag(std::string_view text, bool* out) {
  if (text == "true" || text == "True") return *out = true, "";
  if (text == "false" || text == "False") return *out = false, "";
  return fmt::format("'{}' is neither true nor false", text);
}

std::string ReadDate(std::string_view text, std::int64_t* out) {
  int y = 0, m = 0, d = 0;
  auto part = [&](std::size_t at, std::size_t n, int* value) {
    auto [p, e] = std::from_chars(text.data() + at, text.data() + at + n, *value);
    return e == std::errc() && p == text.data() + at + n;
  };
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' && part(0, 4, &y) && part(5, 2, &m) &&
      part(8, 2, &d)) {
    std::chrono::year_month_day date{std::chrono::year(y), std::chrono::month(static_cast<unsigned>(m)),
                                     std::chrono::day(static_cast<unsigned>(d))};
    if (m > 0 && d > 0 && date.ok()) {
      *out = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::sys_days(date).time_since_epoch())
                 .count();
      return "";
    }
  }
  return fmt::format("'{}' is no date; write YYYY-MM-DD", text);
}

std::string FormatDuration(Duration d) {
  std::int64_t n = d.count();
  if (n == 0) return "0";
  for (auto i = std::size(kTimes); i-- > 0;) {
    if (n % kTimes[i].size == 0) return fmt::format("{}{}", n / kTimes[i].size, kTimes[i].name);
  }
  return fmt::format("{}ns", n);
}

}  // namespace baton::config
