// Questions that are nearly the same belong to one side of a split: else a policy is tested on what it has
// learned by heart.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace baton::evaluate {

// group[i]: the smallest index of a text that text i is a near duplicate of, directly or over others; its own
// index if there is none. Empty texts are duplicates of nothing. Linear in the texts but for groups that are
// alike.
std::vector<std::size_t> NearDuplicates(const std::vector<std::string_view>& texts, double similarity = 0.8);

}  // namespace baton::evaluate
