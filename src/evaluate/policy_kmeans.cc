// Avengers-Pro (arXiv 2508.12631; method of 2505.19797): questions are clustered by k-means on unit vectors;
// each cluster keeps every worker's mean score and mean cost, both scaled to 0..1 within the cluster; a
// question scores a worker by alpha x score + (1 - alpha) x (1 - cost), averaged over its nearest clusters
// with softmax weights (beta = 9). The alpha that sweeps their curve is here value / (value + range of
// costs), so that it runs from 0 to 1 as well.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "evaluate/linear.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kClusters = 64, kRowsPerCluster = 8, kNearest = 3;
constexpr int kRounds = 20;
constexpr float kBeta = 9;

class Kmeans : public Policy {
 public:
  std::string_view name() const override { return "kmeans"; }

  Status Fit(const TrainView& train) override {
    near_ = DirectionsOf(train);
    clusters_ = std::clamp<std::size_t>(near_.rows() / kRowsPerCluster, 1, kClusters);
    Random random(train.seed);
    Begin(random);
    std::vector<std::size_t> of(near_.rows());
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t r = 0; r < near_.rows(); ++r) of[r] = Closest(near_.X(r));
      Move(of);
    }
    Score(train, of);
    near_.x.clear();
    return {};
  }

  std::size_t Decide(Question& question, double value) const override {
    auto& memo = question.memo();
    if (memo.empty()) Blend(question.features(), memo);
    const std::size_t workers = question.workers();
    const auto alpha = static_cast<float>(value / (value + range_));
    std::size_t best = workers;
    float most = 0;
    for (std::size_t w = 0; w < workers; ++w) {
      if (!question.Available(w)) continue;
      const float score = alpha * memo[w] + (1 - alpha) * (1 - memo[workers + w]);
      if (best == workers || score > most) best = w, most = score;
    }
    question.Ask(best);
    return best;
  }

 private:
  std::span<float> Centre(std::size_t c) { return std::span(centres_).subspan(c * width_, width_); }
  std::span<const float> Centre(std::size_t c) const {
    return std::span(centres_).subspan(c * width_, width_);
  }

  // k-means++ (Arthur and Vassilvitskii, 2007).
  void Begin(Random& random) {
    width_ = near_.width;
    centres_.assign(clusters_ * width_, 0);
    std::vector<double> far(near_.rows(), 4);
    std::size_t next = random.Below(near_.rows());
    for (std::size_t c = 0; c < clusters_; ++c) {
      const auto x = near_.X(next);
      std::copy(x.begin(), x.end(), Centre(c).begin());
      double sum = 0;
      for (std::size_t r = 0; r < near_.rows(); ++r) {
        far[r] = std::min(far[r], std::max(0.0, 2 - 2 * static_cast<double>(Dot(near_.X(r), x))));
        sum += far[r];
      }
      double at = random.Unit() * sum;
      for (next = 0; next + 1 < near_.rows() && at >= far[next]; ++next) at -= far[next];
    }
  }

  std::size_t Closest(std::span<const float> x) const {
    std::size_t best = 0;
    float most = -2;
    for (std::size_t c = 0; c < clusters_; ++c)
      if (const float s = Dot(x, Centre(c)); s > most) best = c, most = s;
    return best;
  }

  void Move(const std::vector<std::size_t>& of) {
    std::vector<float> sums(centres_.size());
    for (std::size_t r = 0; r < near_.rows(); ++r)
      Axpy(1, near_.X(r), std::span(sums).subspan(of[r] * width_, width_));
    for (std::size_t c = 0; c < clusters_; ++c) {
      const auto sum = std::span(sums).subspan(c * width_, width_);
      if (Dot(sum, sum) == 0) continue;  // nobody's: stays where it was
      Normalise(sum);
      std::copy(sum.begin(), sum.end(), Centre(c).begin());
    }
  }

  // Mean score and cost per cluster and worker, then both scaled to 0..1 among the cluster's workers.
  void Score(const TrainView& train, const std::vector<std::size_t>& of) {
    const std::size_t workers = train.matrix.workers.size();
    const auto means = MeansOf(train);
    const auto [low, high] = std::minmax_element(means.cost.begin(), means.cost.end());
    range_ = std::max(1e-12, *high - *low);
    std::vector<double> n(clusters_ * workers, 1), score(clusters_ * workers), cost(clusters_ * workers);
    for (std::size_t i = 0; i < n.size(); ++i)
      score[i] = means.quality[i % workers], cost[i] = means.cost[i % workers];
    for (std::size_t i = 0; i < train.rows.size(); ++i) {
      for (std::size_t w = 0; w < workers; ++w) {
        const Cell& cell = train.matrix.rows[train.rows[i]].cells[w];
        if (!cell.recorded) continue;
        const std::size_t at = of[i] * workers + w;
        n[at] += 1, score[at] += static_cast<double>(cell.score), cost[at] += cell.cost_usd;
      }
    }
    for (std::size_t i = 0; i < n.size(); ++i) score[i] /= n[i], cost[i] /= n[i];
    score_ = Scaled(score, workers);
    cost_ = Scaled(cost, workers);
  }

  static std::vector<float> Scaled(const std::vector<double>& x, std::size_t workers) {
    std::vector<float> out(x.size());
    for (std::size_t c = 0; c * workers < x.size(); ++c) {
      const auto from = x.begin() + static_cast<std::ptrdiff_t>(c * workers);
      const auto [low, high] = std::minmax_element(from, from + static_cast<std::ptrdiff_t>(workers));
      for (std::size_t w = 0; w < workers; ++w)
        out[c * workers + w] =
            *high > *low ? static_cast<float>((x[c * workers + w] - *low) / (*high - *low)) : 0.5F;
    }
    return out;
  }

  // Scores, then costs, weighted over the nearest clusters.
  void Blend(std::span<const float> x, std::vector<float>& out) const {
    const auto unit = near_.Of(x);
    std::vector<std::pair<float, std::size_t>> near;
    for (std::size_t c = 0; c < clusters_; ++c) near.emplace_back(-Dot(unit, Centre(c)), c);
    const std::size_t k = std::min(kNearest, near.size());
    std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(k), near.end());
    const std::size_t workers = score_.size() / clusters_;
    out.assign(2 * workers, 0);
    float sum = 0;
    for (std::size_t i = 0; i < k; ++i) sum += std::exp(-kBeta * (near[i].first - near[0].first));
    for (std::size_t i = 0; i < k; ++i) {
      const float weight = std::exp(-kBeta * (near[i].first - near[0].first)) / sum;
      const std::size_t at = near[i].second * workers;
      Axpy(weight, std::span(score_).subspan(at, workers), std::span(out).first(workers));
      Axpy(weight, std::span(cost_).subspan(at, workers), std::span(out).last(workers));
    }
  }

  Directions near_;
  std::size_t clusters_ = 0, width_ = 0;
  std::vector<float> centres_, score_, cost_;
  double range_ = 1;
};

}  // namespace

std::unique_ptr<Policy> MakeKmeans() {
  return std::make_unique<Kmeans>();
}

}  // namespace baton::evaluate
