// A policy under evaluation: learns from training rows, then decides question by question against recorded
// answers, paying for each one it looks at. What it may not see (scores, references, labels of the test row)
// it cannot reach from here.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "evaluate/outcome.h"

namespace baton::evaluate {

// What training gives a policy. Views live as long as the fitted policy.
struct TrainView {
  const OutcomeMatrix& matrix;
  std::span<const std::size_t> rows;  // the training rows, the same for every policy
  std::span<const float> features;    // all rows of the matrix x `width`, row-major; computed without labels
  std::size_t width = 0;
  std::uint64_t seed = 1;
};

// What a worker's recorded answer shows to whoever pays for it. Never the score.
struct Seen {
  std::string_view response, answer;
  std::int64_t completion_tokens = -1;
  double cost_usd = 0;
};

// One test question being replayed.
class Question {
 public:
  virtual ~Question() = default;
  virtual std::string_view prompt() const = 0;
  virtual std::span<const float> features() const = 0;
  virtual std::size_t workers() const = 0;
  virtual bool Available(std::size_t worker) const = 0;  // recorded for this question
  // Input known, output length expected: what a call would cost, before it is made (training means).
  virtual double ExpectedCost(std::size_t worker) const = 0;
  // Buys the answer (once; again it is free). REQUIRES: Available(worker).
  virtual const Seen& Ask(std::size_t worker) = 0;
  virtual double spent_usd() const = 0;
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string_view name() const = 0;
  virtual Status Fit(const TrainView& train) = 0;
  // The worker whose answer the client reads; it must have been asked. `value` is what one point of quality
  // (0 to 1) is worth in USD: the knob that traces the cost-quality curve. Thread safe after Fit.
  virtual std::size_t Decide(Question& question, double value) const = 0;
};

// One row per policy in registry.cc. Null: no such policy.
std::unique_ptr<Policy> MakePolicy(std::string_view name);
std::vector<std::string_view> PolicyNames();

}  // namespace baton::evaluate
