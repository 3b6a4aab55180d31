// The gemini codecs on arbitrary bytes: nothing crashes, and what was understood can be written again.
#include "codec_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  baton::provider::FuzzCodec("gemini", {reinterpret_cast<const char*>(data), size});
  return 0;
}
