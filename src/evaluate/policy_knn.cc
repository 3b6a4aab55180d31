// k nearest neighbours: a worker's quality is its mean score over the training questions most like this one,
// by cosine. RouterBench (arXiv 2403.12031) and EmbedLLM (k = 131) report it as a strong baseline. k is
// chosen on the training rows, each predicted from the others.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "evaluate/linear.h"
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
    for (std::size_t r = 0; r < table_.rows; ++r)
      Normalise(std::span(table_.x).subspan(r * table_.features, table_.features));
    const auto means = MeansOf(train);
    mean_.assign(means.quality.begin(), means.quality.end());
    k_ = ChooseK();
    return {};
  }

 protected:
  void Predict(std::span<const float> x, std::span<float> quality) const override {
    std::vector<float> unit(x.begin(), x.end());
    Normalise(unit);
    const auto near = Nearest(unit, table_.rows);
    Average(near, k_, quality);
  }

 private:
  // The closest rows, nearest first, at most the largest k.
  std::vector<std::size_t> Nearest(std::span<const float> unit, std::size_t without) const {
    std::vector<std::pair<float, std::size_t>> all;
    all.reserve(table_.rows);
    for (std::size_t r = 0; r < table_.rows; ++r)
      if (r != without) all.emplace_back(-Dot(unit, table_.X(r)), r);
    const std::size_t n = std::min(all.size(), kChoices.back());
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n - (n > 0)), all.end());
    std::sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n));
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < n; ++i) rows.push_back(all[i].second);
    return rows;
  }

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
      const auto near = Nearest(table_.X(r), r);
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
  std::vector<float> mean_;
  std::size_t k_ = 0;
};

}  // namespace

std::unique_ptr<Policy> MakeKnn() {
  return std::make_unique<Knn>();
}

}  // namespace baton::evaluate
