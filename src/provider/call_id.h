// Ids of tool calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace baton::provider {

// A tool call's id where the provider gave none: the same inputs give the same id.
std::string StableCallId(std::string_view seed, std::int64_t choice, std::int64_t index);

}  // namespace baton::provider
