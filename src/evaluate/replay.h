// Replays recorded answers to a policy and keeps the bill.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "evaluate/outcome.h"
#include "evaluate/policy.h"

namespace baton::evaluate {

// What each worker may be expected to cost for a prompt of some length: a line fitted to the training rows
// (mean where length tells nothing, never less than a tenth of the mean).
class CostForecast {
 public:
  CostForecast(const OutcomeMatrix& matrix, std::span<const std::size_t> train);
  double Expect(std::size_t worker, std::size_t prompt_bytes) const;
  double Mean(std::size_t worker) const { return lines_[worker].mean; }

 private:
  struct Line {
    double mean = 0, slope = 0, at = 0;
    bool seen = false;
  };
  std::vector<Line> lines_;
};

// Reused over questions and values; not thread safe.
class Replay : public Question {
 public:
  Replay(const OutcomeMatrix& matrix, std::span<const float> features, std::size_t width,
         const CostForecast& forecast)
      : matrix_(matrix),
        features_(features),
        width_(width),
        forecast_(forecast),
        bought_(matrix.workers.size()) {}

  // The next question: everything is forgotten, the memo too.
  void Load(std::size_t row);
  // The same question from the start, with an empty bill; the memo stays.
  void Restart();

  std::string_view prompt() const override { return row_->prompt; }
  std::span<const float> features() const override { return x_; }
  std::size_t workers() const override { return matrix_.workers.size(); }
  bool Available(std::size_t worker) const override { return row_->cells[worker].recorded; }
  double ExpectedCost(std::size_t worker) const override {
    return forecast_.Expect(worker, row_->prompt.size());
  }
  const Seen& Ask(std::size_t worker) override;
  std::size_t Samples(std::size_t worker) const override { return row_->cells[worker].samples.size(); }
  const Seen& AskAgain(std::size_t worker, std::size_t k) override;
  void UseSample(std::size_t k) override { sample_ = static_cast<std::int64_t>(k); }
  double spent_usd() const override { return spent_; }

  // The bill, and what the returned worker's answer scored. A policy that returns a worker it never asked has
  // not answered: 0.
  int calls() const { return calls_; }
  std::int64_t tokens() const { return tokens_; }
  float Score(std::size_t returned) const;
  bool Asked(std::size_t worker) const { return bought_[worker].asked || !bought_[worker].has.empty(); }

 private:
  struct Bought {
    bool asked = false;
    Seen seen;
    std::vector<Seen> more;
    std::vector<char> has;
  };
  void Pay(const Cell& cell, std::int64_t completion_tokens, std::string_view response, double usd);

  const OutcomeMatrix& matrix_;
  std::span<const float> features_, x_;
  std::size_t width_;
  const CostForecast& forecast_;
  const Row* row_ = nullptr;
  std::vector<Bought> bought_;
  std::vector<std::size_t> touched_;
  double spent_ = 0;
  int calls_ = 0;
  std::int64_t tokens_ = 0, sample_ = -1;
};

}  // namespace baton::evaluate
