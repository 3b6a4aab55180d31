// k nearest neighbours: a worker's quality is its mean score over the training questions most like this one,
// by cosine. RouterBench (arXiv 2403.12031) and EmbedLLM (k = 131) report it as a strong baseline. k is
// chosen on the training rows, each predicted from the others.

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr std::array<std::size_t, 6> kChoices = {5, 10, 20, 40, 80, 131};
constexpr std::size_t kProbes = 400;  // training rows that k is chosen on

class Knn : public RoutingPolicy {
 public:
  std::string_view name() const override { return "knn"; }

  Status Fit(const TrainView& train) override {
    table_ = MakeTable(train);
    near_ = DirectionsOf(train);
    const auto means = MeansOf(train);
    mean_.assign(means.quality.begin(), means.quality.end());
    k_ = ChooseK();
    return {};
  }

 protected:
  void Predict(std::span<const float> x, std::span<float> quality) const override {
    const auto near = near_.Nearest(near_.Of(x), k_, table_.rows);
    Average(near, k_, quality);
  }

 private:
  // One pseudo-row of the worker's overall mean stands for what few neighbours do not tell.
  void Average(const std::vector<std::size_t>& near, std::size_t k, std::span<float> quality) const {
    for (std::size_t w = 0; w < quality.size(); ++w) {
      float sum = mean_[w], n = 1;
      for (std::size_t i = 0; i < std::min(k, near.size()); ++i) {
        const float q = table_.Quality(near[i])[w];
        if (!std::isnan(q)) sum += q, n += 1;
      }
      quality[w] = sum / n;
    }
  }

  std::size_t ChooseK() const {
    std::array<double, kChoices.size()> error{};
    std::vector<float> quality(table_.workers);
    const std::size_t step = std::max<std::size_t>(1, table_.rows / kProbes);
    for (std::size_t r = 0; r < table_.rows; r += step) {
      const auto near = near_.Nearest(near_.X(r), kChoices.back(), r);
      for (std::size_t c = 0; c < kChoices.size(); ++c) {
        Average(near, kChoices[c], quality);
        for (std::size_t w = 0; w < table_.workers; ++w) {
          const float q = table_.Quality(r)[w];
          if (!std::isnan(q)) error[c] += static_cast<double>((q - quality[w]) * (q - quality[w]));
        }
      }
    }
    return kChoices[static_cast<std::size_t>(std::min_element(error.begin(), error.end()) - error.begin())];
  }

  estimate::Table table_;
  Directions near_;
  std::vector<float> mean_;
  std::size_t k_ = 0;
};

}  // namespace

std::unique_ptr<Policy> MakeKnn() {
  return std::make_unique<Knn>();
}

}  // namespace baton::evaluate
