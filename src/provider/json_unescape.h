// The text of a JSON string.
#pragma once

#include <string>

#include "provider/json_reader.h"

namespace baton::provider {

// Appends the unescaped form of [p, end), the bytes between the quotes. Returns null, or the place of the
// escape that JSON does not have (`out` then holds what came before it).
const char* UnescapeJson(const char* p, const char* end, JsonDoc::Surrogates surrogates, std::string* out);

}  // namespace baton::provider
