// Is this file a whole GGUF? Asked before llama.cpp sees it, because its loader trusts sizes in the header.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace baton::lm {

struct GgufSummary {
  std::string architecture;  // general.architecture
  std::int64_t file_bytes = 0;
  std::int64_t tensors = 0;
};

// Walks the header: every length, count and type is in range, every tensor lies inside the file.
// kNotFound, kInvalidRequest with "not_gguf" (something else), "gguf_truncated" (cut short) or
// "gguf_damaged".
Result<GgufSummary> CheckGguf(const std::string& path);

}  // namespace baton::lm
