// Turns a scripted or built-in reply into what a codec encodes: one whole answer, or the events of a stream.
#pragma once

#include <string>
#include <vector>

#include "chat/types.h"
#include "mock/script.h"

namespace baton::mock {

// Every answer claims to be from this second, so that the same request gives the same bytes.
inline constexpr std::int64_t kCreated = 1'767'225'600;

// Honours max_tokens, stop, n and logprobs of the request as a provider would. The id depends on the
// request's text alone. Usage is the script's, or counted from the texts with CountTokens().
chat::Response Play(const Reply& reply, const chat::Request& request, chat::Dialect dialect);

// The same answer as events: start, the parts in order and in `chunks` pieces (0: one per word), finish,
// usage.
std::vector<chat::Event> Stream(const chat::Response& response, int chunks);

}  // namespace baton::mock
