// Records of any bytes, and any text as a record's JSON: read or refused, and what was read can be written
// and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "record/encode.h"
#include "record/recorder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::record;
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Provenance record;
  if (data[0] & 1) {
    auto read = FromJson(bytes);
    if (!read) return 0;
    record = std::move(*read);
  } else {
    RecordView view;
    const bool ok = Decode(bytes, view).has_value();
    if (ok != Decode(bytes, record).has_value()) std::abort();
    if (!ok) return 0;
  }
  const std::string encoded = Encode(record);
  Provenance again;
  if (!Decode(encoded, again) || Encode(again) != encoded) std::abort();
  static_cast<void>(FromJson(ToJson(again)));
  return 0;
}
