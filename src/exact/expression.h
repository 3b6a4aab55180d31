// Arithmetic as people and models write it: "17 * (3 + 4)", "15% of 80", "12 times 3 plus 4", "2^10".
#pragma once

#include <optional>
#include <string_view>

#include "verify/rational.h"

namespace baton::exact {

struct Computed {
  verify::Rational value;
  int operators = 0;
};

// The expression in `text` with the most operators (of equals the last), at least one; nullopt: there is
// none, it is deeper than 32 brackets, or it overflows 128 bits. Exact; powers are whole and at most 64.
// Linear in the text but for texts made of brackets; reads the first 4 KB.
std::optional<Computed> FindExpression(std::string_view text);

}  // namespace baton::exact
