#include "budget/money.h"

namespace baton::budget {
namespace {

constexpr std::size_t kPlaces = 9;  // a nano-dollar is the ninth decimal place
constexpr std::int64_t kPerDollar = 1'000'000'000;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<Nanos> ParseUsd(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view places =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || places.size() > kPlaces) return std::nullopt;
  if (point != std::string_view::npos && places.empty()) return std::nullopt;

  std::int64_t v = 0;
  const auto append = [&v](int digit) {
    return !__builtin_mul_overflow(v, std::int64_t{10}, &v) && !__builtin_add_overflow(v, digit, &v);
  };
  for (char c : whole) {
    if (!IsDigit(c) || !append(c - '0')) return std::nullopt;
  }
  for (std::size_t i = 0; i < kPlaces; ++i) {
    const char c = i < places.size() ? places[i] : '0';
    if (!IsDigit(c) || !append(c - '0')) return std::nullopt;
  }
  return Nanos{v};
}

std::string FormatUsd(Nanos amount) {
  // Unsigned, because the smallest int64 has no positive twin.
  const std::uint64_t v =
      amount.v < 0 ? 0 - static_cast<std::uint64_t>(amount.v) : static_cast<std::uint64_t>(amount.v);
  std::string out = amount.v < 0 ? "-" : "";
  out += std::to_string(v / kPerDollar);
  std::uint64_t rest = v % kPerDollar;
  if (rest == 0) return out;
  std::string places(kPlaces, '0');
  for (std::size_t i = kPlaces; i-- > 0; rest /= 10) places[i] = static_cast<char>('0' + rest % 10);
  places.erase(places.find_last_not_of('0') + 1);
  return out + "." + places;
}

}  // namespace baton::budget
