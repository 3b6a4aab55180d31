// Words of others, made comparable and safe to show.
#pragma once

#include <string>
#include <string_view>

namespace baton::provider {

// A to Z become small letters, all other bytes stay.
std::string LowerAscii(std::string_view text);

// At most `limit` bytes of valid text on one line, with everything that looks like a key masked.
std::string CleanMessage(std::string_view message, std::size_t limit = 500);

}  // namespace baton::provider
