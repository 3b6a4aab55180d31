// Any bytes can be classified, and every span lies inside the text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rails/classifier.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto classifier = baton::rails::Classifier::Build({}).value();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto found = classifier->ClassifyText(text);
  if (found.classes.empty()) __builtin_trap();
  for (const auto& s : found.spans) {
    if (s.begin > s.end || s.end > size) __builtin_trap();
  }
  return 0;
}
