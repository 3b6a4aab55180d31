// Made-up attacks, for training and measuring the detector: sentences from templates, by family. The
// templates of one split share none with the other, so that what is measured is what was not trained on.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"

namespace baton::attack_samples {

struct Sample {
  std::string family, text;
};
enum class Split { kTrain, kTest };

// `count` attacks of each family. The same seed gives the same texts.
std::vector<Sample> Make(Split split, int count, std::uint64_t seed);
// Prefixes of words and signs drawn at random, as searches against routers find them: "confounder gadgets".
std::string Gadget(Random& random);

}  // namespace baton::attack_samples
