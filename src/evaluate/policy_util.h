// What several policies share: training data as a table, routing by predicted quality, pools of candidates,
// votes.
#pragma once

#include <span>
#include <vector>

#include "estimate/estimator.h"
#include "evaluate/policy.h"
#include "verify/agreement.h"

namespace baton::evaluate {

// The training rows as what estimators learn from.
estimate::Table MakeTable(const TrainView& train);

// The training rows as directions: their embedded features, or all where none are, at length 1. For cosines.
struct Directions {
  std::size_t width = 0;
  std::vector<float> x;  // rows x width
  std::size_t rows() const { return width > 0 ? x.size() / width : 0; }
  std::span<const float> X(std::size_t row) const { return std::span(x).subspan(row * width, width); }
  // Of any question.
  std::vector<float> Of(std::span<const float> features) const;
  // The `k` rows with the largest cosine to a direction, nearest first; `without` is left out.
  std::vector<std::size_t> Nearest(std::span<const float> unit, std::size_t k, std::size_t without) const;
};
Directions DirectionsOf(const TrainView& train);

// Mean score per worker over the training rows; a missing answer is a 0. And mean cost, over recorded
// answers.
struct WorkerMeans {
  std::vector<double> quality, cost;
  std::size_t best = 0;
};
WorkerMeans MeansOf(const TrainView& train);

// The available worker with the largest value x quality - expected cost.
std::size_t ChooseByUtility(const Question& question, std::span<const float> quality, double value);

// Policies that predict each worker's quality from the question alone, and ask one.
class RoutingPolicy : public Policy {
 public:
  std::size_t Decide(Question& question, double value) const override;
  bool Believe(Question& question, std::span<float> quality) const override;

 protected:
  virtual void Predict(std::span<const float> x, std::span<float> quality) const = 0;
  std::span<const float> Predicted(Question& question) const;
};

// At most `n` workers that sets and cascades are made of: those on the hull of cost and quality on the
// training rows, dearest first, then the best of the rest. Only workers recorded on nine tenths of the
// training rows.
std::vector<std::size_t> Candidates(const TrainView& train, std::size_t n);

// What counts as a worker's answer: the extracted one where the source has it, else the text.
std::string_view AnswerOf(const Cell& cell);
std::string_view AnswerOf(const Seen& seen);
// Whether enough training rows hold answers to compare (nine tenths of the recorded cells).
Status NeedAnswers(const TrainView& train);

// Index into `answers` of what most say; `fallback` when nothing has a majority of its own.
std::size_t Majority(const std::vector<std::string_view>& answers, std::size_t fallback);

}  // namespace baton::evaluate
