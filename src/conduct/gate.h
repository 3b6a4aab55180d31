// Where a trained policy may decide: slice by slice, what it was found to be worth beside the best single
// worker of that slice.
//
// Problem: a policy that is better on the whole is worse somewhere, and nobody who sends that kind of
// question is helped by the average. Options: promote all or nothing (throws away what is good), trust it
// everywhere, or judge each slice and leave the refused ones to a worker. Choice: the last; the same rule as
// for every policy (learn/promotion.h): the lower bound of the gain in utility, dollars taken off, must be
// above zero, and the worker it must beat is the slice's own best one, not the pool's. A request has no label
// at serving time, so a slice is found by what the policy's reader reads anyway: the nearest of the slices'
// mean states. A question farther from it than any template of that slice was from the others is of no slice:
// nothing is known there, and the strongest worker answers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "workflow/flow_gate.h"

namespace baton::conduct {

struct SliceVerdict {
  std::string slice;
  std::vector<float> centre;  // mean state of its training problems' first transcripts
  float reach = 0;            // squared distance from the centre up to which a question is of this slice
  std::string worker;         // the best single one on its training problems: answers where it is refused
  bool passed = false;
  std::int64_t problems = 0;  // that were played for the verdict; none of them trained or tested
  double difference = 0, low = 0, high = 0;  // utility, the policy less `worker`, with its 95 % interval
};

struct Gate {
  std::string fallback;      // answers what is of no slice: the strongest worker
  double usd_per_right = 0;  // the value at which dollars were taken off
  std::vector<SliceVerdict> slices;

  // Whom a request is left to, by its first transcript's state.
  workflow::LeftTo Ask(std::span<const float> state) const;
};

// 12 problems at least: below, an interval says nothing.
inline constexpr std::int64_t kLeastPerSlice = 12;

}  // namespace baton::conduct
