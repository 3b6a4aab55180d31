// Checkpoints of training: read, and what was read comes back the same. Every input is also tried with the
// right checksum behind it, or nothing behind the checksum would ever be reached.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "train/checkpoint.h"

namespace {

void Try(std::string_view bytes) {
  const auto read = baton::train::ReadCheckpoint(bytes);
  if (!read) return;
  const auto again = baton::train::ReadCheckpoint(baton::train::WriteCheckpoint(*read));
  if (!again || again->learner.parameters.size() != read->learner.parameters.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  Try(bytes);
  bytes.insert(0, "BATONCK1");
  std::uint64_t sum = 1469598103934665603ULL;
  for (const unsigned char c : bytes) sum = (sum ^ c) * 1099511628211ULL;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>((sum >> (8 * i)) & 0xff));
  Try(bytes);
  return 0;
}
