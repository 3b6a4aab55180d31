// Numbers as people and models write them: "1,234.50", "1.234,5", "-3", "3/4", "\frac{3}{4}", "2.5e6",
// "1.2 x 10^5", "$2 million", "45 %", "12.5 km/h".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/rational.h"

namespace baton::verify {

struct Quantity {
  Rational value;    // exponent and scale word ("million") applied; 45 % is 45 with the unit "%"
  std::string unit;  // canonical name ("km", "%", "USD"), empty where none that we know stands there
  std::size_t begin = 0, end = 0;  // in the text, sign, currency and unit included
  int places = 0;                  // digits written after the decimal point
  bool rounded =
      false;  // written with a decimal point, a scale word or an exponent: may stand for a longer one
};

// The number whose first byte (sign, currency or digit) is at `at`; nullopt when none begins there.
// Without `fractions` "3/4" is the number 3.
std::optional<Quantity> ReadQuantity(std::string_view text, std::size_t at, bool fractions = true);
// All, in order, at most `max`. Digits that are part of a word ("x2", "GPT4") are none. Linear in the text.
std::vector<Quantity> FindQuantities(std::string_view text, std::size_t max = 1000);
// The last one in the text.
std::optional<Quantity> LastQuantity(std::string_view text);

// What one of `unit` is in the base unit of its dimension; nullopt for an unknown unit.
struct UnitInfo {
  std::string_view dimension;  // "length"; for currencies their own name
  Rational factor;
};
std::optional<UnitInfo> FindUnit(std::string_view unit);
// The canonical name of a unit as written ("dollars" -> "USD"), empty when unknown.
std::string_view CanonicalUnit(std::string_view written);

}  // namespace baton::verify
