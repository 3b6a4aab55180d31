// When a provider says to come back.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace baton::provider {

// "20", "0.5", "Wed, 21 Oct 2026 07:28:00 GMT" (as the distance from `now`, where known), "1500ms". Bounded
// to a day.
std::optional<std::chrono::milliseconds> ParseRetryAfter(
    std::string_view value, std::optional<std::chrono::system_clock::time_point> now = {});

}  // namespace baton::provider
