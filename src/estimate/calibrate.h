// Makes probabilities mean what they say: of the answers called 80 % likely to be right, 80 % are.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "estimate/bytes.h"

namespace baton::estimate {

// A non-decreasing map from estimated to calibrated probability.
class Calibrator {
 public:
  // Leaves everything as it is.
  Calibrator() = default;
  float operator()(float p) const;

  // Platt: a line on the logit. Sound from a few dozen pairs on; with fewer it stays near the identity.
  static Calibrator Platt(std::span<const std::pair<float, float>> estimated_and_seen);
  // Isotonic regression: whatever shape the pairs show, as long as it rises. Wants hundreds of pairs.
  static Calibrator Isotonic(std::span<const std::pair<float, float>> estimated_and_seen);
  // The one of the two that does better on pairs it was not fitted to (two halves, swapped).
  static Calibrator Best(std::span<const std::pair<float, float>> estimated_and_seen);

  bool isotonic() const { return !at_.empty(); }
  void Save(ByteWriter* out) const;
  static Calibrator Read(ByteReader* in);

 private:
  float slope_ = 1, shift_ = 0;      // Platt
  std::vector<float> at_, becomes_;  // isotonic: straight lines between these
};

}  // namespace baton::estimate
