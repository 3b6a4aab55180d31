// Any text is either a script of the mock provider or refused with a place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mock/script.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto script = baton::mock::ParseScript({reinterpret_cast<const char*>(data), size});
  if (!script && script.error().reason != "bad_script") std::abort();
  return 0;
}
