// What the mock answers without a script: true where it can be (facts, sums, small programs, schemas filled
// from the text, tool calls), an echo otherwise, always labelled "[simulated]" where the format leaves room
// for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "mock/script.h"

namespace baton::mock {

inline constexpr std::string_view kLabel = "[simulated]";

// Deterministic: the same request gives the same reply. kInvalidRequest when the request's own schema is
// unusable.
Result<Reply> BuiltInAnswer(const chat::Request& request);

// The text of the last user message; of the tool results behind it, one per line, when the
// conversation ends with those.
std::string LastText(const chat::Request& request);
bool HasImage(const chat::Request& request);

// How the mock signs a reasoning text (valid base64). Only its own signatures begin with the prefix.
inline constexpr std::string_view kSignaturePrefix = "c2ltdWxhdGVk";
std::string Signature(std::string_view reasoning);

// A unit vector of `dimensions` made of the words' hashes: texts that share words are close.
std::vector<float> EmbedText(std::string_view text, std::size_t dimensions);

}  // namespace baton::mock
