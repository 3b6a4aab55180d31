// What a model's name tells of its family; for cold start.
#pragma once

#include <string>
#include <string_view>

namespace baton::estimate {

// The letters that a model's name begins with, lower case: "anthropic/Claude-4.5" -> "claude".
std::string FamilyOf(std::string_view model);

}  // namespace baton::estimate
