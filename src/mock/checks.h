// What a real provider refuses beyond the form of the request, so that a mistake of the caller shows in
// tests.
#pragma once

#include "base/result.h"
#include "chat/types.h"

namespace baton::mock {

// - every tool result answers a call that the conversation holds before it;
// - a reasoning block signed by the mock comes back with exactly the text it signed.
// kInvalidRequest naming the message.
Status CheckConversation(const chat::Request& request);

}  // namespace baton::mock
