// Which of the offered tools a text calls for, and with which arguments.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/types.h"

namespace baton::mock {

// The calls in the order of the tools; several of one tool when the text names several subjects. At most one
// with `parallel_tool_calls: false`. Empty when nothing fits and nothing is forced by `tool_choice`.
// kInvalidRequest when a tool's parameters are not a schema.
Result<std::vector<chat::ToolCall>> PickTools(const chat::Request& request, std::string_view text);

}  // namespace baton::mock
