// Do two answers say the same? As evidence reads them (estimate/evidence_answer.h).
#pragma once

#include <string_view>

namespace baton::workflow {

// False where nothing can be read from one of them and their texts differ.
bool SameAnswer(std::string_view a, std::string_view b);

}  // namespace baton::workflow
