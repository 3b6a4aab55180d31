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

// What training gives a policy. The views live as long as the fitted policy. Rows that are not in `rows` are
// test rows: a policy that reads their cells cheats, and policies_test.cc finds out by scrambling them.
struct TrainView {
  const OutcomeMatrix& matrix;
  std::span<const std::size_t> rows;  // the training rows, the same for every policy
  std::span<const float> features;    // all rows of the matrix x `width`, row-major; computed without labels
  std::size_t width = 0;
  std::size_t embedded = 0;  // the first so many features are a direction of length 1; 0: none in particular
  std::uint64_t seed = 1;
  // Ascending grid of what a point of quality may be worth, USD: the values Decide will be called with.
  std::span<const double> values;

  std::span<const float> X(std::size_t row) const { return features.subspan(row * width, width); }
};

// What a worker's recorded answer shows to whoever pays for it. Never the score.
struct Seen {
  std::string_view response, answer;
  std::int64_t completion_tokens = -1;
  double cost_usd = 0;
  std::span<const std::int8_t> verdicts;  // Cell::verdicts: what checking the answer says of it
};

// One test question being replayed.
class Question {
 public:
  virtual ~Question() = default;
  virtual std::string_view prompt() const = 0;
  virtual std::span<const float> features() const = 0;
  virtual std::size_t workers() const = 0;
  virtual bool Available(std::size_t worker) const = 0;  // recorded for this question
  // Input known, output length expected: what a call would cost, before it is made. From training rows only.
  virtual double ExpectedCost(std::size_t worker) const = 0;
  // Buys the answer (once; again it is free). REQUIRES: Available(worker).
  virtual const Seen& Ask(std::size_t worker) = 0;
  // Further answers of the same worker, where some were recorded: how many, and the k-th of them (bought
  // once, at the price of a call). REQUIRES: k < Samples(worker).
  virtual std::size_t Samples(std::size_t worker) const = 0;
  virtual const Seen& AskAgain(std::size_t worker, std::size_t k) = 0;
  // The client reads this further answer of the worker that Decide returns, instead of its first one.
  virtual void UseSample(std::size_t k) = 0;
  virtual double spent_usd() const = 0;
  // Scratch of the policy. The same question is decided once per value; what follows from the prompt alone
  // (predictions) can be left here the first time, when it is empty, and found again. Nothing bought may be
  // kept.
  std::vector<float>& memo() { return memo_; }

 private:
  std::vector<float> memo_;
};

class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string_view name() const = 0;
  // kInvalidRequest, with the reason in words: this matrix has not what the policy needs (answers, samples).
  // It is then left out of the report with that sentence.
  virtual Status Fit(const TrainView& train) = 0;
  // The worker whose answer the client reads; it must have been asked. `value` is what one point of quality
  // (0 to 1) is worth in USD: the knob that traces the cost-quality curve. Thread safe after Fit. At least
  // one worker is available.
  virtual std::size_t Decide(Question& question, double value) const = 0;
  // What it believes of each worker before anything is bought, P(correct); for calibration plots. False: it
  // has no such belief.
  virtual bool Believe(Question&, std::span<float> /*quality*/) const { return false; }
  // False: `value` changes nothing, one call per question is enough.
  virtual bool UsesValue() const { return true; }
};

struct PolicyKind {
  std::string_view name;
  std::string_view what;    // one sentence for the report
  std::string_view source;  // publication and code it follows; empty: ours
  std::unique_ptr<Policy> (*make)();
};

// One row per policy, in the order of the report; registry.cc.
std::span<const PolicyKind> PolicyKinds();
const PolicyKind* FindPolicy(std::string_view name);

}  // namespace baton::evaluate
