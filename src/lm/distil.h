// Makes the static table out of the sentence encoder: `baton models pull minilm-static`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "lm/models.h"

namespace baton::lm {

// The derived model's name and file, beside lm's manifest of fetched ones.
inline constexpr std::string_view kTableName = "minilm-static", kTableFile = "minilm-static.table";

// Makes `dir`/minilm-static.table and returns its path. Present and of this version's recipe: nothing is
// done. Otherwise the encoder (fetched if it is not there) reads its whole vocabulary, one piece at a time:
// about a minute on one core. Written aside and renamed. Errors as Pull, and kInternal (disk, memory).
Result<std::string> PullTable(const std::string& dir, OnProgress progress);

}  // namespace baton::lm
