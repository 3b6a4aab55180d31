// Finds the sum in a question and works it out: "What is 17 * 23?", "15% of 80", "12 fois 7", "square root of
// 144".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baton::mock {

struct Sum {
  std::string expression;  // as understood: "17 * 23"
  std::string result;      // "391", at most six decimals, no trailing zeros
};

// Nothing when the text holds no expression with an operator between two numbers, or when it has no value
// (division by zero, overflow).
std::optional<Sum> WorkOut(std::string_view text);

}  // namespace baton::mock
