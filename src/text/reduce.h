// From the encoder's vectors of a vocabulary to a static table.
#pragma once

#include <string>
#include <vector>

#include "text/static_table.h"

namespace baton::text {

// `rows`: one vector per piece (n numbers each, of any length); `width` <= n. What is done to them and why:
// reduce.cc.
StaticTable TableFromRows(std::string recipe, WordPiece pieces, std::vector<float> rows, std::size_t n,
                          std::size_t width);

}  // namespace baton::text
