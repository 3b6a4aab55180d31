// CARROT (arXiv 2502.03261; its repository): for every worker two regressions on the question, one of quality
// and one of cost, then the least of (1 - mu) x error + mu x cost. Theirs are nearest neighbours or a
// fine-tuned RoBERTa; here a ridge regression on the shared features, which is what fine-tuning the last
// layer of a frozen encoder is. The strength of the ridge is chosen on a fifth of the training rows.

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluate/linear.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr std::array kRidges = {0.3, 3.0, 30.0, 300.0};

class Carrot : public Policy {
 public:
  std::string_view name() const override { return "carrot"; }

  Status Fit(const TrainView& train) override {
    width_ = train.width;
    workers_ = train.matrix.workers.size();
    const auto means = MeansOf(train);
    quality_mean_ = means.quality;
    cost_mean_ = means.cost;
    std::vector<std::size_t> fit, held;
    for (std::size_t i = 0; i < train.rows.size(); ++i) (i % 5 == 4 ? held : fit).push_back(train.rows[i]);
    if (held.empty()) held = fit;
    const Sums part = Gather(train, fit);
    double best = 0, least = -1;
    for (const double ridge : kRidges) {
      weights_ = Solve(part, ridge);
      const double error = Error(train, held);
      if (least < 0 || error < least) least = error, best = ridge;
    }
    weights_ = Solve(Gather(train, train.rows), best);
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    auto& memo = question.memo();
    if (memo.empty()) {
      memo.resize(2 * workers_);
      Predict(question.features(), memo);
    }
    std::size_t chosen = workers_;
    double most = 0;
    for (std::size_t w = 0; w < workers_; ++w) {
      if (!question.Available(w)) continue;
      const double utility = value * static_cast<double>(memo[w]) - static_cast<double>(memo[workers_ + w]);
      if (chosen == workers_ || utility > most) chosen = w, most = utility;
    }
    question.Ask(chosen);
    return chosen;
  }

  bool Believe(Question& question, std::span<float> quality) const override {
    auto& memo = question.memo();
    if (memo.empty()) {
      memo.resize(2 * workers_);
      Predict(question.features(), memo);
    }
    std::copy_n(memo.begin(), workers_, quality.begin());
    return true;
  }

 private:
  struct Sums {
    std::vector<double> xx, xy;  // width^2, width x 2 workers
  };

  // Targets are centred, so that an answer that was not recorded says nothing but "as usual". Costs as
  // multiples of the worker's mean.
  Sums Gather(const TrainView& train, std::span<const std::size_t> rows) const {
    Sums s{std::vector<double>(width_ * width_), std::vector<double>(width_ * 2 * workers_)};
    for (const std::size_t r : rows) {
      const auto x = train.X(r);
      const auto& cells = train.matrix.rows[r].cells;
      for (std::size_t i = 0; i < width_; ++i) {
        const auto xi = static_cast<double>(x[i]);
        if (xi == 0) continue;
        for (std::size_t j = 0; j <= i; ++j) s.xx[i * width_ + j] += xi * static_cast<double>(x[j]);
        for (std::size_t w = 0; w < workers_; ++w) {
          if (!cells[w].recorded) continue;
          s.xy[i * 2 * workers_ + w] += xi * (static_cast<double>(cells[w].score) - quality_mean_[w]);
          if (cost_mean_[w] > 0)
            s.xy[i * 2 * workers_ + workers_ + w] += xi * (cells[w].cost_usd / cost_mean_[w] - 1);
        }
      }
    }
    for (std::size_t i = 0; i < width_; ++i)
      for (std::size_t j = 0; j < i; ++j) s.xx[j * width_ + i] = s.xx[i * width_ + j];
    return s;
  }

  std::vector<float> Solve(const Sums& sums, double ridge) const {
    std::vector<double> b = sums.xy;
    SolveRidge(sums.xx, width_, ridge, b, 2 * workers_);
    // Output by output, for the dot products of Predict.
    std::vector<float> weights(b.size());
    for (std::size_t i = 0; i < width_; ++i)
      for (std::size_t k = 0; k < 2 * workers_; ++k)
        weights[k * width_ + i] = static_cast<float>(b[i * 2 * workers_ + k]);
    return weights;
  }

  void Predict(std::span<const float> x, std::span<float> out) const {
    for (std::size_t w = 0; w < workers_; ++w) {
      const float q = static_cast<float>(quality_mean_[w]) + Dot(Weights(w), x);
      out[w] = std::clamp(q, 0.0F, 1.0F);
      const float times = std::max(0.1F, 1 + Dot(Weights(workers_ + w), x));
      out[workers_ + w] = static_cast<float>(cost_mean_[w]) * times;
    }
  }
  std::span<const float> Weights(std::size_t k) const {
    return std::span(weights_).subspan(k * width_, width_);
  }

  double Error(const TrainView& train, const std::vector<std::size_t>& rows) const {
    double error = 0;
    std::vector<float> out(2 * workers_);
    for (const std::size_t r : rows) {
      Predict(train.X(r), out);
      for (std::size_t w = 0; w < workers_; ++w) {
        const Cell& cell = train.matrix.rows[r].cells[w];
        if (cell.recorded) error += std::pow(static_cast<double>(out[w] - cell.score), 2);
      }
    }
    return error;
  }

  std::size_t width_ = 0, workers_ = 0;
  std::vector<double> quality_mean_, cost_mean_;
  std::vector<float> weights_;
};

}  // namespace

std::unique_ptr<Policy> MakeCarrot() {
  return std::make_unique<Carrot>();
}

}  // namespace baton::evaluate
