// Event streams: no crash, the same events for every slicing, and no byte lost.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/sse.h"

namespace {

using baton::net::SseEvent;
using baton::net::SseParser;

std::string Describe(std::string_view bytes, std::size_t step, std::string& raw) {
  std::string out;
  const auto emit = [&](const SseEvent& e) {
    out += std::string(e.event) + '|' + std::string(e.data) + '|' + (e.has_data ? "1" : "0") + '\n';
    raw += e.raw;
  };
  SseParser parser(512);
  while (!bytes.empty()) {
    const std::string piece(bytes.substr(0, step));
    bytes.remove_prefix(piece.size());
    if (!parser.Feed(piece, emit)) return out + "too large";
  }
  parser.Finish(emit);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = 1 + data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string raw, raw_sliced;
  const std::string whole = Describe(bytes, bytes.size() + 1, raw);
  if (whole != Describe(bytes, step, raw_sliced)) std::abort();
  if (raw != raw_sliced || !bytes.starts_with(raw)) std::abort();
  return 0;
}
