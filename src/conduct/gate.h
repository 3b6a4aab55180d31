// Where a trained coordinator may decide: slice by slice, what it was found to be worth beside the best
// single worker.
//
// Problem: a policy that is better on the whole is worse somewhere, and nobody who sends that kind of
// question is helped by the average. Options: promote all or nothing (throws away what is good), trust it
// everywhere, or judge each slice and leave the refused ones to the best worker. Choice: the last; the same
// rule as for every policy (learn/promotion.h): the lower bound of the gain in utility, dollars taken off,
// must be above zero. A request has no label at serving time, so a slice is found by what the coordinator
// reads anyway: the nearest of the slices' mean states.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace baton::conduct {

struct SliceVerdict {
  std::string slice;
  std::vector<float> centre;  // mean state of its training problems' first transcripts
  bool passed = false;
  std::int64_t problems = 0;  // that were played for the verdict; none of them trained or tested
  double difference = 0, low = 0, high = 0;  // utility, coordinator less fallback, with its 95 % interval
};

struct Gate {
  std::string fallback;      // the best single worker on training problems
  double usd_per_right = 0;  // the value at which dollars were taken off
  std::vector<SliceVerdict> slices;

  // The slice whose centre is nearest to a first transcript's state; null: there is none.
  const SliceVerdict* SliceOf(std::span<const float> state) const;
};

// 12 problems at least: below, an interval says nothing.
inline constexpr std::int64_t kLeastPerSlice = 12;

}  // namespace baton::conduct
