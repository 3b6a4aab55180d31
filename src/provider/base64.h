// Base64 (RFC 4648, standard alphabet with padding) and vectors of little-endian floats in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::provider {

std::string ToBase64(std::string_view bytes);
// Nothing when there is a character outside the alphabet or the length is wrong. Missing padding is accepted.
std::optional<std::string> FromBase64(std::string_view text);

std::string FloatsToBase64(const std::vector<float>& values);
std::optional<std::vector<float>> FloatsFromBase64(std::string_view text);

}  // namespace baton::provider
