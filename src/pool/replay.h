// A whole answer told as a stream: for servers that ignore "stream": true and answer in one piece.
#pragma once

#include <vector>

#include "chat/types.h"

namespace baton::pool {

// Folding them with chat::Assembler gives `response` back, but for what only whole answers carry (raw,
// extra).
std::vector<chat::Event> AsEvents(const chat::Response& response);

}  // namespace baton::pool
