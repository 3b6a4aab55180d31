// The known name that somebody probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton {

// Number of insertions, deletions, changes and swaps of neighbours between the two, ASCII case ignored.
// Names longer than 64 bytes count as infinitely far.
int EditDistance(std::string_view a, std::string_view b);

// The candidate nearest to `name`, when it is near enough to be a typing mistake (a third of its length at
// most, or one contains the other); empty otherwise. The first of equals. The view is one of `candidates`.
std::string_view Nearest(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace baton
