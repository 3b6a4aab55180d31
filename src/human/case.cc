#include "human/case.h"

#include <iterator>

namespace baton::human {
namespace {
constexpr std::string_view kNames[] = {"waiting", "claimed", "answered", "rejected", "expired", "cancelled"};
}  // namespace

std::string_view StateName(State state) {
  const auto i = static_cast<std::size_t>(state);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

std::optional<State> ParseState(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<State>(i);
  }
  return std::nullopt;
}

}  // namespace baton::human
