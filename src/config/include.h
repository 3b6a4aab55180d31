// Inside config/: a file together with the files it includes.
#pragma once

#include <string>

#include "config/config.h"
#include "config/tree.h"

namespace baton::config {

// Reads `yaml` and what its `include:` names (relative to the including file), joined into one tree: lists
// follow each other, the included one first; maps are joined; a single value given in two files is a problem.
// At most 8 levels and 64 files; a file that includes itself, through others too, is a problem. False when
// nothing usable was read.
bool ReadWithIncludes(std::string_view yaml, const std::string& path, const Env& env, Problems* problems,
                      Tree* tree);

}  // namespace baton::config
