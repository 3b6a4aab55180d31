// Any JSON schema of a client becomes a grammar or a refusal that says so.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lm/constraint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto gbnf = baton::lm::GrammarOfSchema({reinterpret_cast<const char*>(data), size}, "schema");
  if (gbnf ? gbnf->empty() : gbnf.error().reason != "invalid_schema") std::abort();
  return 0;
}
