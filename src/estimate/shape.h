// Inside estimate/: bounds of what a model file may claim, and small arithmetic that every estimator shares.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "estimate/estimator.h"

namespace baton::estimate {

inline constexpr std::size_t kMaxFeatures = 8192, kMaxWorkers = 1024, kMaxRows = std::size_t{1} << 22;

inline float Sigmoid(float z) {
  return 1 / (1 + std::exp(-z));
}
// Finite at 0 and 1: nothing is certain.
inline float Logit(float p) {
  p = std::clamp(p, 1e-4F, 1 - 1e-4F);
  return std::log(p / (1 - p));
}

// Every worker's mean over its recorded cells, drawn towards the mean of all by two cells' weight; 0.5 where
// there is nothing at all. `count` (may be null) gets the number of cells.
std::vector<float> WorkerMeans(const Table& table, std::vector<float>* count = nullptr);

// Mean of each feature, and one over its deviation (0 for a feature that never varied: it says nothing, also
// later). Both are appended.
void MeasureFeatures(const Table& table, std::vector<float>* mean, std::vector<float>* scale);

}  // namespace baton::estimate
