#include "conduct/gate.h"

#include <fmt/format.h>

#include "conduct/distance.h"

namespace baton::conduct {

workflow::LeftTo Gate::Ask(std::span<const float> state) const {
  const SliceVerdict* nearest = nullptr;
  double least = 0;
  for (const auto& s : slices) {
    if (s.centre.size() != state.size()) continue;
    const double distance = SquaredDistance(s.centre, state);
    if (nearest && distance >= least) continue;
    nearest = &s;
    least = distance;
  }
  if (!nearest || least > nearest->reach) return {fallback, "it is like nothing that was judged"};
  if (nearest->passed) return {};
  return {nearest->worker, fmt::format("no better than that worker on slice '{}'", nearest->slice)};
}

}  // namespace baton::conduct
