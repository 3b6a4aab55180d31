// Inside text/: principal components, for making the static table.
#pragma once

#include <cstddef>
#include <vector>

namespace baton::text {

struct Components {
  std::vector<double> mean;      // n
  std::vector<double> vectors;   // kept x n, by falling variance; the largest entry of each is positive
  std::vector<double> variance;  // kept
};

// Of `rows` (count x n). Seconds for some ten thousand rows of 384. REQUIRES: kept <= n, count > 0.
Components PrincipalComponents(const std::vector<float>& rows, std::size_t n, std::size_t kept);

}  // namespace baton::text
