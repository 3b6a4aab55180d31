// Lines of a file that may be packed: plain, gzip (.gz) or zstd (.zst), told apart by their first bytes,
// never by their name. Streams: what is held is one block and one line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::evaluate {

struct FileLimits {
  std::size_t line_bytes = std::size_t{64} << 20;      // of one unpacked line
  std::uint64_t total_bytes = std::uint64_t{8} << 30;  // of everything unpacked: a packed bomb ends here
};

// Calls `use(number, line)` for each line (from 1, without its end), until it returns an error. Returns the
// SHA-256 of the file's own bytes, in hex. Errors: kNotFound or kInternal (unreadable), kInvalidRequest with
// reason "line_too_long", "file_too_large" or "damaged_archive".
using OnLine = std::function<Status(std::uint64_t number, std::string_view line)>;
Result<std::string> ReadLines(const std::string& path, const FileLimits& limits, const OnLine& use);

// The same over bytes in memory; what the fuzzer drives.
Result<std::string> ReadLinesFrom(std::string_view bytes, const FileLimits& limits, const OnLine& use);

}  // namespace baton::evaluate
