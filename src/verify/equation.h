// Sums that a text claims: "16 - 3 - 4 = 9", "20% of 50 = 10", "9 eggs x $2 = $18", chains of them. Pure;
// linear in the text but for a constant (an expression is read for at most 64 numbers, nested at most 16
// deep).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace baton::verify {

struct Equation {
  enum class Verdict {
    kRight,
    kWrong,
    kUnsure,  // within rounding, mixed units, something beside it that changes what is meant
  };
  Verdict verdict = Verdict::kUnsure;
  std::size_t begin = 0, end = 0;  // in the text
  std::string computed;            // what the left side gives: "9", "1/3"
};

// In order, at most `max`. Only the first 64 KB of the text are read.
std::vector<Equation> FindEquations(std::string_view text, std::size_t max = 200);

}  // namespace baton::verify
