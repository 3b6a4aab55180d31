// Which tool calls a request to a tool worker asks for.
#pragma once

#include <vector>

#include "chat/types.h"

namespace baton::pool {

// Those of the last assistant message that no tool message after it has answered; or, with exactly one tool
// forced by tool_choice and the last message the user's, that tool with the message's text as its arguments.
// Empty: it asks for none.
std::vector<chat::ToolCall> ToolCallsOf(const chat::Request& request);

}  // namespace baton::pool
