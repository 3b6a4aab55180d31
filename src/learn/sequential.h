// A comparison one may look at after every observation: confidence sequences for the difference of two arms
// to which requests are assigned at random. The bounds hold at all times at once, so stopping when they look
// good is allowed (proof in sequential.cc).
#pragma once

#include <cstdint>

namespace baton::learn {

// Running mean of values in [0, 1], whose conditional means may drift. Three numbers of state.
class MeanSequence {
 public:
  struct State {
    std::int64_t n = 0;
    double sum = 0;        // of the values
    double deviation = 0;  // sum of squared differences from the mean known before each value
  };
  MeanSequence() = default;
  explicit MeanSequence(const State& state) : state_(state) {}
  // REQUIRES: 0 <= value <= 1.
  void Add(double value);
  const State& state() const { return state_; }
  // With probability 1 - alpha, at every n at once, the average of the conditional means is at least this.
  double Lower(double alpha) const;
  double Upper(double alpha) const;
  double mean() const { return state_.n == 0 ? 0.5 : state_.sum / static_cast<double>(state_.n); }

 private:
  State state_;
};

// Difference in expected reward, arm B minus arm A, of requests assigned by a coin with P(B) = share.
class ArmComparison {
 public:
  struct State {
    MeanSequence::State sequence;
    double share = 0.5;
    // Rewards so far per arm, which predict the next one.
    std::int64_t n_a = 0, n_b = 0;
    double sum_a = 0, sum_b = 0;
  };
  // REQUIRES: 0 < share < 1; it never changes during one comparison (another share is another comparison).
  explicit ArmComparison(double share) { state_.share = share; }
  explicit ArmComparison(const State& state) : state_(state), sequence_(state.sequence) {}

  // Which arm a request belongs to is decided by whoever assigns it, before anything is known of its outcome.
  // REQUIRES: 0 <= reward <= 1.
  void Add(bool in_b, double reward);
  struct Bounds {
    double difference = 0, low = 0, high = 0;
  };
  // Each side holds with 1 - alpha / 2, both with 1 - alpha, at all times at once.
  Bounds At(double alpha) const;
  const State& state() const { return state_; }

 private:
  double Range() const;  // the largest a weighted difference can be
  State state_;
  MeanSequence sequence_;
};

}  // namespace baton::learn
