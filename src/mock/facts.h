// What the mock knows by heart, in English and French, so that a demo's questions get true answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baton::mock {

// A sentence, in French when `french`. Nothing when the question matches no fact.
std::optional<std::string> RecallFact(std::string_view question, bool french);

// A short program for what the question asks ("reverse a string in JavaScript"), in a fenced block with one
// line of explanation. Nothing when it does not ask for code.
std::optional<std::string> WriteCode(std::string_view question, bool french);

}  // namespace baton::mock
