// What a person gets to read of a conversation.
#pragma once

#include <string>
#include <vector>

#include "chat/types.h"

namespace baton::human {

// A JSON array of {"role", "content", "tool_calls"?, "tool_call_id"?, "name"?}: text as it stands, tool calls
// with their arguments, of media what kind and how large, but not the bytes. Broken UTF-8 is replaced.
std::string Transcript(const std::vector<chat::Message>& messages);

}  // namespace baton::human
