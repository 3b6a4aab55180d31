// k nearest neighbours: a worker is as good at this question as it was at the questions most like it.
//
// Exact: every stored row is looked at, which is what published kNN routers do and what `baton eval` compares
// with. A hundred thousand rows cost milliseconds per question, so the stack that serves live does not
// contain it beyond a few thousand rows (stack.cc). Neighbours weigh by closeness, and each worker's mean
// counts as a few neighbours more: with missing cells a worker may have no neighbour at all.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/vectors.h"
#include "estimate/kinds.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

constexpr float kPriorWeight = 3;  // of the worker's mean, in neighbours at distance 0

}  // namespace

class Neighbours : public Estimator {
 public:
  std::string_view kind() const override { return "knn"; }
  std::size_t features() const override { return features_; }
  std::size_t workers() const override { return means_.size(); }

  void Predict(std::span<const float> x, std::span<Estimate> out) const override {
    const std::size_t rows = points_.size() / near_;
    std::vector<std::pair<float, std::uint32_t>> order(rows);
    for (std::size_t r = 0; r < rows; ++r)
      order[r] = {SquaredDistance(points_.data() + r * near_, x.data(), near_),
                  static_cast<std::uint32_t>(r)};
    const std::size_t k = std::min(k_, rows);
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k - 1), order.end());
    // The farthest of them sets the scale: in a dense region a step away counts for less.
    const float scale = std::max(order[k - 1].first, 1e-12F);
    for (std::size_t w = 0; w < out.size(); ++w) out[w] = At(std::span(order).first(k), scale, w);
  }

  void Save(ByteWriter* out) const override {
    out->Put(std::uint64_t{features_}), out->Put(std::uint64_t{near_}), out->Put(std::uint64_t{k_});
    out->Put(means_), out->Put(points_);
    // A missing cell is below zero in the file, which holds finite numbers only.
    std::vector<float> quality = quality_;
    for (float& q : quality) q = std::isnan(q) ? -1 : q;
    out->Put(quality);
  }

 private:
  friend std::unique_ptr<Estimator> FitNeighbours(const Table&, const FitOptions&);
  friend std::unique_ptr<Estimator> ReadNeighbours(ByteReader*);

  Estimate At(std::span<const std::pair<float, std::uint32_t>> near, float scale, std::size_t w) const {
    float weight = kPriorWeight, sum = kPriorWeight * means_[w], squares = 0;
    for (const auto& [distance, row] : near) {
      const float q = quality_[row * means_.size() + w];
      if (std::isnan(q)) continue;
      const float closeness = std::exp(-distance / scale);
      weight += closeness, sum += closeness * q, squares += closeness * closeness;
    }
    const float p = std::clamp(sum / weight, 0.0F, 1.0F);
    const float seen = squares > 0 ? (weight - kPriorWeight) * (weight - kPriorWeight) / squares : 0;
    return {p, std::sqrt(std::max(p * (1 - p), 0.01F) / (seen + 1))};
  }

  std::size_t features_ = 0, near_ = 0, k_ = 1;
  std::vector<float> means_, points_, quality_;
};

std::unique_ptr<Estimator> FitNeighbours(const Table& t, const FitOptions&) {
  auto model = std::make_unique<Neighbours>();
  model->features_ = t.features;
  model->near_ = t.Near();
  // Between the few of the textbooks and the 131 of EmbedLLM's baseline, growing with the data.
  model->k_ =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::sqrt(static_cast<double>(t.rows))), 5, 128);
  model->means_ = WorkerMeans(t);
  model->quality_ = t.quality;
  for (std::size_t r = 0; r < t.rows; ++r) {
    const auto x = t.X(r).first(model->near_);
    model->points_.insert(model->points_.end(), x.begin(), x.end());
  }
  return model;
}

std::unique_ptr<Estimator> ReadNeighbours(ByteReader* in) {
  auto model = std::make_unique<Neighbours>();
  model->features_ = in->Count(1, kMaxFeatures);
  model->near_ = in->Count(1, std::max<std::size_t>(model->features_, 1));
  model->k_ = in->Count(1, kMaxRows);
  model->means_ = in->Floats();
  model->points_ = in->Floats();
  if (in->failed() || model->means_.empty() || model->means_.size() > kMaxWorkers || model->points_.empty() ||
      model->points_.size() % model->near_ != 0)
    return in->Fail(), nullptr;
  model->quality_ = in->Floats(model->points_.size() / model->near_ * model->means_.size());
  for (float& q : model->quality_) {
    if (q != -1 && !(q >= 0 && q <= 1)) in->Fail();
    q = q < 0 ? kMissing : q;
  }
  return model;
}

}  // namespace baton::estimate
