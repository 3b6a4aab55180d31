// Which rows are learned from and which are tested on, by seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluate/outcome.h"

namespace baton::evaluate {

struct Split {
  std::vector<std::size_t> train, test;  // ascending row numbers
};

// A row's side follows from its group's id, the seed and the share alone: not from the order of the file, nor
// from what else is in it. Groups (near duplicates) stay whole.
Split MakeSplit(const OutcomeMatrix& matrix, const std::vector<std::size_t>& group, double train_share,
                std::uint64_t seed);

// A number in [0, 1) from a text and a salt; equal for equal input everywhere.
double UnitHash(std::string_view text, std::uint64_t salt);

}  // namespace baton::evaluate
