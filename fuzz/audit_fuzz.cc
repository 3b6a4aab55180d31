// An export of the audit chain of any bytes: refused, or walked to its end with findings; and the rows of the
// chain as bytes: read or refused, and what was read is written as it was.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/event.h"
#include "audit/export.h"
#include "bytes_file.h"
#include "record/content.h"
#include "record/feedback.h"
#include "record/readable.h"

namespace {

using namespace baton;

void Rows(std::string_view bytes) {
  // Long texts are cut once and then stay as they are.
  if (auto e = audit::DecodeEvent(bytes); e && Encode(*audit::DecodeEvent(Encode(*e))) != Encode(*e))
    std::abort();
  if (auto f = record::DecodeFeedback(bytes); f && Encode(*record::DecodeFeedback(Encode(*f))) != Encode(*f))
    std::abort();
  if (auto c = record::DecodeContent(bytes); c && Encode(*c) != bytes) std::abort();
  for (const auto kind :
       {audit::Kind::kExchange, audit::Kind::kEvent, audit::Kind::kFeedback, audit::Kind::kContent}) {
    const std::string canonical(bytes), readable = record::Readable(kind, canonical);
    if (!readable.empty() && !record::ReadableAgrees(kind, canonical, readable)) std::abort();
  }
}

void Export(const std::string& path) {
  auto source = audit::OpenExport(path);
  if (!source) return;
  audit::VerifyOptions options;
  options.agrees = record::ReadableAgrees;
  static_cast<void>(audit::Verify(**source, options));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] & 1) {
    const BytesFile file(bytes);
    Export(file.path());
  } else {
    Rows(bytes);
  }
  return 0;
}
