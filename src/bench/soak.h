// A steady load for a long time: does memory stay flat, does every request get its answer?
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace baton::bench {

struct SoakResult {
  std::uint64_t replies = 0, errors = 0;
  std::vector<std::int64_t> resident;  // bytes, one sample per slice
  // Largest of the last quarter over largest of the second: 1 is flat.
  double growth = 1;
};

// `rate` requests per second for `seconds`, every fifth slice as streams.
Result<SoakResult> RunSoak(const std::string& baton, double seconds, double rate,
                           void (*say)(const std::string&));

}  // namespace baton::bench
