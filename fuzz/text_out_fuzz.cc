// Tokens cut texts anywhere: every slicing shows the same text, whole characters only, and nothing of a stop
// string.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "lm/text_out.h"

namespace {

struct Shown {
  std::string text;
  bool stopped;
};

Shown Show(std::string_view bytes, std::size_t step, const std::vector<std::string>& stops) {
  baton::lm::TextOut out(stops);
  std::string text;
  for (; !bytes.empty() && !out.stopped(); bytes.remove_prefix(std::min(step, bytes.size())))
    text += out.Feed(bytes.substr(0, step));
  if (!out.stopped()) text += out.Flush();
  return {text, out.stopped()};
}

}  // namespace

// step, length of the first and second stop string, their bytes, the text
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);
  std::vector<std::string> stops;
  for (int i = 1; i <= 2; ++i) {
    stops.emplace_back(bytes.substr(0, data[i] % 8));
    bytes.remove_prefix(stops.back().size());
    for (char& c : stops.back()) c = static_cast<char>(c & 0x7f);  // stop strings are valid text
  }
  const Shown whole = Show(bytes, bytes.size() + 1, stops), cut = Show(bytes, 1 + data[0] % 16, stops);
  if (whole.stopped != cut.stopped || whole.text != cut.text) std::abort();
  for (const auto& stop : stops) {
    if (!stop.empty() && whole.text.find(stop) != std::string::npos) std::abort();
  }
  return 0;
}
