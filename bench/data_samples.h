// Made-up texts with labelled personal data and secrets, for types that no public set covers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace baton::data_samples {

struct Sample {
  std::string text;
  // Empty: a near miss, in which nothing may be found (a number with a wrong check digit, a placeholder,
  // ...).
  std::string type;
  std::size_t begin = 0, end = 0;
};

// `count` texts of each type and as many near misses of each kind. The same seed gives the same texts. Check
// digits are made by drawing until the validators of rails/ agree, so what is measured is the finding, not
// the arithmetic.
std::vector<Sample> Make(int count, std::uint64_t seed);

}  // namespace baton::data_samples
