#include "conduct/gate.h"

#include <fmt/format.h>

#include "base/vectors.h"

namespace baton::conduct {

workflow::LeftTo Gate::Ask(std::span<const float> state) const {
  const SliceVerdict* nearest = nullptr;
  float least = 0;
  for (const auto& s : slices) {
    if (s.centre.size() != state.size()) continue;
    const float distance = SquaredDistance(s.centre.data(), state.data(), state.size());
    if (nearest && distance >= least) continue;
    nearest = &s;
    least = distance;
  }
  if (!nearest || least > nearest->reach) return {fallback, "it is like nothing that was judged"};
  if (nearest->passed) return {};
  return {nearest->worker, fmt::format("no better than that worker on slice '{}'", nearest->slice)};
}

}  // namespace baton::conduct
