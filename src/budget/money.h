// Money is an integer count of nano-dollars; floating point never touches a balance.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::budget {

// 1 USD = 1e9. int64 holds nine billion dollars.
struct Nanos {
  std::int64_t v = 0;
  friend Nanos operator+(Nanos a, Nanos b) { return {a.v + b.v}; }
  friend Nanos operator-(Nanos a, Nanos b) { return {a.v - b.v}; }
  Nanos& operator+=(Nanos o) {
    v += o.v;
    return *this;
  }
  auto operator<=>(const Nanos&) const = default;
};

// "0.0125" -> 12,500,000. Decimal digits with at most nine places; nullopt for anything else or out of range.
std::optional<Nanos> ParseUsd(std::string_view text);
// Shortest exact decimal: 12,500,000 -> "0.0125"; 0 -> "0".
std::string FormatUsd(Nanos amount);

}  // namespace baton::budget
