// State of learning as a disk may return it, and what a record says of a learned decision: never a fault, and
// what reads is written the same again.
#include <cstdint>
#include <string>
#include <string_view>

#include "learn/bandit.h"
#include "learn/promotion.h"
#include "learn/teacher.h"
#include "learn/trust.h"
#include "route/features.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace baton;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto bandit = learn::Bandit::Load(bytes, {})) {
    const std::string saved = bandit->Save();
    const auto again = learn::Bandit::Load(saved, {});
    if (!again || again->Save() != saved) __builtin_trap();
    (void)bandit->Snapshot();
  }
  if (auto trust = learn::Trust::Load(bytes, {})) {
    (void)trust->Take("somebody", 20'000);
    if (!learn::Trust::Load(trust->Save(), {})) __builtin_trap();
  }
  if (auto promotion = learn::PromotionFromJson(bytes)) {
    if (!learn::PromotionFromJson(learn::ToJson(*promotion))) __builtin_trap();
    (void)learn::Judge(*promotion, {});
  }
  if (auto noted = learn::NotedFromText(bytes)) {
    if (!learn::NotedFromText(learn::RecordText(*noted))) __builtin_trap();
  }
  (void)learn::NotedIn(bytes);
  if (auto vector = route::VectorFromText(bytes)) {
    if (route::WithVector("{}", *vector).size() < 16) __builtin_trap();
  }
  return 0;
}
