// Where in a long answer the answer is: the value of "answer" in JSON, \boxed{}, "#### 42", "The answer is
// (B).", "A: 26". Pure; linear in the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verify/quantity.h"

namespace baton::verify {

struct FinalAnswer {
  std::string text;     // without the marks around it
  bool marked = false;  // false: nothing marks it; `text` is the whole answer, trimmed
};
FinalAnswer FindFinalAnswer(std::string_view answer);

// The option letter chosen (A to J), upper case; 0 when none can be read.
char FindChoice(std::string_view answer);

// The number the answer ends in: the last one inside a marked final answer, or in the last line that says
// anything. nullopt when there is none, though numbers may stand further up.
std::optional<Quantity> FindFinalNumber(std::string_view answer);

}  // namespace baton::verify
