// Recorded answers of real models as worlds.
#pragma once

#include <string>
#include <vector>

#include "learn/world.h"

namespace baton::learn::bench {

// Those found under `shared`; a line on standard output says what is missing. Prompts become vectors by
// hashed words (256 places), dollars are the recorded ones.
std::vector<World> RecordedWorlds(const std::string& shared);

}  // namespace baton::learn::bench
