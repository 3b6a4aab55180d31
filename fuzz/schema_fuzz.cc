// The first line is a schema (or not), the rest is checked by it; both are hostile.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verify/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), size);
  auto schema = baton::verify::Schema::Compile(text.substr(0, line));
  if (!schema) {
    if (schema.error().message.empty()) __builtin_trap();
    return 0;
  }
  const auto outcome = schema->Check(text.substr(std::min(line + 1, size)));
  if (outcome.kind == baton::verify::Schema::Outcome::Kind::kInvalid && outcome.what.empty())
    __builtin_trap();
  if (outcome.where.size() > 200) __builtin_trap();
  return 0;
}
