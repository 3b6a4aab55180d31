// How many tokens a text is, without a tokenizer.
#pragma once

#include <cstdint>
#include <string_view>

namespace baton::route {

// An estimate that leans upwards: see tokens.cc for how, docs/routing.md for the measured error. About 1 ns
// per byte.
std::int64_t EstimateTokens(std::string_view text);

}  // namespace baton::route
