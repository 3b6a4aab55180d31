// Any text has sums that lie inside it, in order, and numbers that do.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "verify/equation.h"
#include "verify/final_answer.h"
#include "verify/quantity.h"
#include "verify/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton::verify;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& e : FindEquations(text)) {
    if (e.begin >= e.end || e.end > size || e.computed.empty()) __builtin_trap();
  }
  std::size_t last = 0;
  for (const auto& q : FindQuantities(text)) {
    if (q.begin < last || q.end <= q.begin || q.end > size) __builtin_trap();
    last = q.end;
  }
  // What is printed is read as the same number again.
  if (auto q = LastQuantity(text)) {
    auto again = ReadQuantity(q->value.Text(), 0);
    if (again && !(again->value == q->value)) __builtin_trap();
  }
  FindFinalNumber(text);
  FindChoice(text);
  Normalise(text);
  return 0;
}
