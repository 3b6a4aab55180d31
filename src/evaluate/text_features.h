// Numbers about each prompt that policies learn from; no label, no reference, no answer goes in.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "evaluate/outcome.h"

namespace baton::evaluate {

struct Features {
  std::size_t width = 0, embedded = 0;  // the first `embedded` are a direction of length 1
  std::vector<float> x;                 // rows x width
  std::string id;                       // how they were made
};

// The server's own features (estimate/features.h) where `table` names a static table; without one hashed
// words take the place of its vectors, and the facts stay. Errors as StaticTable::Load().
Result<Features> FeaturesOf(const OutcomeMatrix& matrix, const std::string& table);

// One text as a direction of length 1: its words, pairs of words and runs of four bytes, each thrown into a
// place by its hash (Weinberger et al., 2009). What compares answers, and questions where nothing better is
// at hand.
void HashEmbed(std::string_view text, std::span<float> out);

}  // namespace baton::evaluate
