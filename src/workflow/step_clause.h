// One condition of a step as its operator writes it: "rejected draft", "not answered search", "confidence
// draft < 0.7", "label triage angry", "items list >= 3", "usd_left < 0.01", "ms_left >= 500".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "workflow/plan.h"

namespace baton::workflow {

struct WrittenClause {
  Clause clause;     // without its step
  std::string step;  // the name of the step it asks about; empty for usd_left and ms_left
};

// kInvalidRequest "bad_condition" with examples for anything else.
Result<WrittenClause> ReadClause(std::string_view text);

}  // namespace baton::workflow
