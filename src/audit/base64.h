// Base64 (RFC 4648, padded): bytes in JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baton::audit {

std::string ToBase64(std::string_view bytes);
// nullopt for anything that ToBase64() does not write.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace baton::audit
