// One side of an equation in running text: numbers, signs of calculation, brackets, and the words for what is
// counted. Internal to equation.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "verify/quantity.h"

namespace baton::verify {

struct SideValue {
  // Under two readings: percentages as shares (20 % = 0.2) or as plain numbers.
  Rational shares, plain;
};

struct Side {
  SideValue value;
  Rational first;  // its first number, for running chains
  std::size_t end = 0;
  int operators = 0;
  bool decimals = false;   // a number with a decimal point or exponent takes part
  bool ambiguous = false;  // people differ in what it means
  std::set<std::string> units;
  std::optional<Quantity> single;  // the side is one number
};

// Reads the longest expression that begins exactly at `at`; nullopt when none does, when it has more than 64
// numbers or 16 levels of brackets, or when it overflows.
std::optional<Side> ReadSide(std::string_view text, std::size_t at);

// '=', or a sign for "about" (*about), at `at` after white space; its length with the space around it, 0 for
// none.
std::size_t EqualsAt(std::string_view text, std::size_t at, bool* about);

}  // namespace baton::verify
