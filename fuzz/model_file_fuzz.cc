// Model files of any content are either usable or refused with a reason; nothing they claim is outside the
// file.
#include <algorithm>
#include <cstdint>

#include "bytes_file.h"
#include "lm/gguf_check.h"
#include "lm/safetensors.h"

namespace {

void Gguf(std::string_view bytes) {
  const baton::BytesFile file(bytes);
  const auto summary = baton::lm::CheckGguf(file.path());
  if (!summary && summary.error().reason.empty()) std::abort();
  if (summary && (summary->architecture.empty() || summary->tensors < 1)) std::abort();
}

void Safetensors(std::string_view bytes) {
  const baton::BytesFile file(bytes);
  const auto list = baton::lm::ListSafeTensors(file.path());
  if (!list) return;
  for (const auto& tensor : *list) {
    if (tensor.offset > bytes.size() || tensor.bytes > bytes.size() - tensor.offset) std::abort();
    if (!baton::lm::ReadF32(file.path(), tensor)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      Gguf(rest);
      break;
    case 1:
      Gguf(std::string("GGUF\3\0\0\0", 8) + std::string(rest));
      break;
    default: {  // the length of the table, which no mutation would find
      std::uint64_t length = std::min<std::uint64_t>(rest.size(), rest.rfind('}') + 1);
      Safetensors(std::string(reinterpret_cast<char*>(&length), 8) + std::string(rest));
    }
  }
  return 0;
}
