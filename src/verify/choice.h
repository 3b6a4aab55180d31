// A model held to one of a few words, where it can be: small models that are merely asked for one word seldom
// write it alone (of 100 verdicts asked of a 135M model in plain words, none kept to the form).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/types.h"

namespace baton::verify {

// Answers may only be {"verdict": W}, W one of `words`.
chat::ResponseFormat OneOf(const std::vector<std::string>& words);
// W of such an answer; any other text as it is.
std::string WordOf(std::string reply);

}  // namespace baton::verify
