// Numbers about each prompt that policies learn from; no label, no reference, no answer goes in.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "evaluate/outcome.h"

namespace baton::evaluate {

struct Features {
  std::size_t width = 0;
  std::vector<float> x;  // rows x width
};

Features FeaturesOf(const OutcomeMatrix& matrix);

// One text as `width` numbers of length 1: its words, pairs of words and runs of four bytes, each thrown into
// a place by its hash (Weinberger et al., 2009). What compares answers where nothing better is at hand.
void HashEmbed(std::string_view text, std::span<float> out);

}  // namespace baton::evaluate
