// RouteLLM's matrix factorisation (arXiv 2406.18665; routers/matrix_factorization of its repository), for any
// number of workers: the strength of worker m for question q is w . (P_m * W q), P_m of length 1, and P(m
// beats n) is the sigmoid of the difference; trained by cross entropy on the pairs whose scores differ (ties
// dropped), Adam 3e-4, decay 1e-5, noise 0.1 on the question. For two workers this is their model. Theirs
// learns from human preferences with OpenAI's embeddings; here everybody learns from the training rows with
// the features that everybody has.
//
// What a router of many needs is a quality: that of the best worker on the training rows, moved by how often
// the two differ times how likely which of them wins.

#include <cmath>

#include "evaluate/bilinear.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kDims = 128;
// What a direction of length 1 counts for at the start: little beside the workers' log-odds.
constexpr float kScale = 2;
constexpr std::size_t kPairs = 24;  // of one row, drawn

class MatrixFactorisation : public RoutingPolicy {
 public:
  std::string_view name() const override { return "mf"; }

  Status Fit(const TrainView& train) override {
    const estimate::Table table = MakeTable(train);
    Random random(train.seed);
    model_.Begin(table.features, kDims, table.workers, 1, random);
    // Theirs has no biases and learns for long; starting from the workers' log-odds it starts from what is
    // known.
    const auto means = MeansOf(train);
    for (std::size_t w = 0; w < table.workers; ++w) {
      const double q = std::min(0.98, std::max(0.02, means.quality[w]));
      model_.biases[w] = static_cast<float>(std::log(q / (1 - q)));
    }
    TrainPlan plan;
    plan.epochs = 100;
    plan.noise = 0.1F;
    plan.rate = 3e-3F;  // theirs starts from 1536 features of a large model; ten times the rate in a tenth of
                        // the visits
    Random draws(train.seed + 1);
    TrainBilinear(
        model_, table, plan, random,
        [&](std::size_t row, std::span<const float> z, const Gradient& to) {
          Row(table.Quality(row), z, draws, to);
        },
        [&](std::size_t row, std::span<const float> z) { return Loss(table.Quality(row), z); });
    Compare(train);
    return {};
  }

 protected:
  void Predict(std::span<const float> x, std::span<float> quality) const override {
    std::vector<float> z(kDims);
    model_.Project(x, z);
    const float reference = Strength(best_, z);
    for (std::size_t w = 0; w < quality.size(); ++w)
      quality[w] = best_quality_ + differ_[w] * (2 * Sigmoid(Strength(w, z) - reference) - 1);
  }

 private:
  // P_m is kept at length 1 by dividing where it is used; the gradient is that of the divided vector.
  float Strength(std::size_t w, std::span<const float> z) const {
    const auto p = model_.Vector(w);
    return Dot(p, z) / std::sqrt(Dot(p, p) + 1e-12F) * kScale + model_.biases[w];
  }

  void Row(std::span<const float> scores, std::span<const float> z, Random& draws, const Gradient& to) const {
    const std::size_t n = scores.size();
    const std::size_t pairs = std::min(kPairs, n * (n - 1) / 2);
    for (std::size_t k = 0; k < pairs; ++k) {
      const std::size_t a = n == 2 ? 0 : draws.Below(n), b = n == 2 ? 1 : draws.Below(n);
      if (std::isnan(scores[a]) || std::isnan(scores[b]) || scores[a] == scores[b]) continue;
      const float wins = scores[a] > scores[b] ? 1 : 0;
      const float g = (Sigmoid(Strength(a, z) - Strength(b, z)) - wins) / static_cast<float>(pairs);
      Push(a, g, z, to);
      Push(b, -g, z, to);
    }
  }

  // Cross entropy over all pairs of neighbours in the list of workers: enough to see whether it still learns.
  double Loss(std::span<const float> scores, std::span<const float> z) const {
    double loss = 0;
    for (std::size_t a = 0; a < scores.size(); ++a) {
      for (std::size_t b = a + 1; b < std::min(scores.size(), a + 5); ++b) {
        if (std::isnan(scores[a]) || std::isnan(scores[b]) || scores[a] == scores[b]) continue;
        const float margin = (Strength(a, z) - Strength(b, z)) * (scores[a] > scores[b] ? 1.0F : -1.0F);
        loss += std::log1p(std::exp(-static_cast<double>(margin)));
      }
    }
    return loss;
  }

  void Push(std::size_t w, float g, std::span<const float> z, const Gradient& to) const {
    const auto p = model_.Vector(w);
    const float scale = kScale / std::sqrt(Dot(p, p) + 1e-12F);
    const float along = Dot(p, z) / (Dot(p, p) + 1e-12F);
    auto dp = to.vectors.subspan(w * kDims, kDims);
    Axpy(g * scale, z, dp);
    Axpy(-g * scale * along, p, dp);
    Axpy(g * scale, p, to.dz);
    to.biases[w] += g;
  }

  void Compare(const TrainView& train) {
    const auto means = MeansOf(train);
    best_ = means.best;
    best_quality_ = static_cast<float>(means.quality[best_]);
    differ_.assign(means.quality.size(), 0);
    for (std::size_t w = 0; w < differ_.size(); ++w) {
      float sum = 0;
      for (const std::size_t r : train.rows) {
        const auto& cells = train.matrix.rows[r].cells;
        const float a = cells[w].recorded ? cells[w].score : 0,
                    b = cells[best_].recorded ? cells[best_].score : 0;
        sum += std::fabs(a - b);
      }
      differ_[w] = sum / static_cast<float>(train.rows.size());
    }
  }

  Bilinear model_;
  std::size_t best_ = 0;
  float best_quality_ = 0;
  std::vector<float> differ_;
};

}  // namespace

std::unique_ptr<Policy> MakeMf() {
  return std::make_unique<MatrixFactorisation>();
}

}  // namespace baton::evaluate
