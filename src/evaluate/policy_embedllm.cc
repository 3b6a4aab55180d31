// EmbedLLM (arXiv 2410.02223; its repository's mf.py): a vector of 232 numbers per worker, multiplied place
// by place with the projected question, and a linear head over the product that says right or wrong; cross
// entropy, noise 0.05, 50 epochs. A head of two classes over place-wise products is a logistic model on
// weighted products, which is what stands here: the head's weights are part of the workers' vectors.

#include <cmath>

#include "evaluate/bilinear.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kDims = 232;

class EmbedLlm : public RoutingPolicy {
 public:
  std::string_view name() const override { return "embedllm"; }

  Status Fit(const TrainView& train) override {
    const estimate::Table table = MakeTable(train);
    Random random(train.seed);
    model_.Begin(table.features, kDims, table.workers, 0.1F, random);
    const auto means = MeansOf(train);
    for (std::size_t w = 0; w < table.workers; ++w) {
      const double q = std::min(0.98, std::max(0.02, means.quality[w]));
      model_.biases[w] = static_cast<float>(std::log(q / (1 - q)));
    }
    TrainPlan plan;
    plan.noise = 0.05F;
    plan.rate = 2e-3F;
    TrainBilinear(
        model_, table, plan, random,
        [&](std::size_t row, std::span<const float> z, const Gradient& to) {
          Row(table.Quality(row), z, to);
        },
        [&](std::size_t row, std::span<const float> z) { return Loss(table.Quality(row), z); });
    return {};
  }

 protected:
  void Predict(std::span<const float> x, std::span<float> quality) const override {
    std::vector<float> z(kDims);
    model_.Project(x, z);
    for (std::size_t w = 0; w < quality.size(); ++w) quality[w] = Right(w, z);
  }

 private:
  void Row(std::span<const float> scores, std::span<const float> z, const Gradient& to) const {
    for (std::size_t w = 0; w < scores.size(); ++w) {
      if (std::isnan(scores[w])) continue;
      const float g = Right(w, z) - scores[w];
      Axpy(g, z, to.vectors.subspan(w * kDims, kDims));
      Axpy(g, model_.Vector(w), to.dz);
      to.biases[w] += g;
    }
  }

  double Loss(std::span<const float> scores, std::span<const float> z) const {
    double loss = 0;
    for (std::size_t w = 0; w < scores.size(); ++w) {
      if (std::isnan(scores[w])) continue;
      const double p = std::min(1 - 1e-6, std::max(1e-6, static_cast<double>(Right(w, z)))),
                   y = static_cast<double>(scores[w]);
      loss -= y * std::log(p) + (1 - y) * std::log(1 - p);
    }
    return loss;
  }

  float Right(std::size_t w, std::span<const float> z) const {
    return Sigmoid(Dot(model_.Vector(w), z) + model_.biases[w]);
  }

  Bilinear model_;
};

}  // namespace

std::unique_ptr<Policy> MakeEmbedLlm() {
  return std::make_unique<EmbedLlm>();
}

}  // namespace baton::evaluate
