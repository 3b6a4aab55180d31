// Tools for models whose chat template knows none: described in a system message, called in tags, kept to the
// schema by a grammar.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/types.h"
#include "lm/constraint.h"

namespace baton::lm {

inline constexpr std::string_view kToolOpen = "<tool_call>", kToolClose = "</tool_call>";

// What to add to the system message.
std::string ToolInstructions(const chat::Request& request);
// Past calls as the model would have written them.
std::string TaggedCall(const chat::ToolCall& call);
// Constrains the answer to calls (tool_choice required or named), or from the first tag on (auto).
// kInvalidRequest for a schema that cannot be used or a named tool that is not there.
Result<GrammarSpec> ToolGrammar(const chat::Request& request);

}  // namespace baton::lm
