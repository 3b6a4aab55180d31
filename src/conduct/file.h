// Files that are whole or not there: checkpoints and trained models.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::conduct {

// Beside `path`, flushed to the disk, then renamed over it: whoever reads `path` finds the old or the new,
// whole. kInternal "cannot_write".
Status WriteWhole(const std::string& path, std::string_view content);
// At most 64 MB. kNotFound, kTooLarge.
Result<std::string> ReadWhole(const std::string& path);
// 16 hexadecimal digits: FNV-1a, for accidents.
std::string HashOf(std::string_view content);

// A JSON object in an envelope: `format` "baton-KIND", `version`, and `hash` over everything else.
Status WriteSealed(const std::string& path, std::string_view kind, nlohmann::json content);
// The object, hash taken off. kInvalidRequest "bad_KIND": cut short, changed, of another kind or version.
Result<nlohmann::json> ReadSealed(const std::string& path, std::string_view kind);
Error BadFile(const std::string& path, std::string_view kind, std::string_view what);

}  // namespace baton::conduct
