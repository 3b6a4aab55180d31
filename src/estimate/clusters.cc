// Avengers-Pro: k-means over the questions, and per cluster how well each worker did there. A question takes
// the success rates of its nearest clusters, weighted by a softmax over their closeness (Zhang et al. 2025:
// 64 clusters of vectors of length 1, beta 9). Simple, hard to beat, and cheap: 64 dot products. Rates of
// small clusters are drawn towards the worker's mean, so a cluster that never saw a worker says nothing about
// it.

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "base/vectors.h"
#include "estimate/kinds.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

constexpr std::size_t kClusters = 64, kRowsPerCluster = 20, kNearest = 3;
constexpr int kRounds = 25;
constexpr float kBeta = 9, kPriorCells = 5;

// Rows of unit length, one behind the other.
std::vector<float> UnitRows(const Table& t, std::size_t near) {
  std::vector<float> rows;
  rows.reserve(t.rows * near);
  for (std::size_t r = 0; r < t.rows; ++r) {
    const auto x = t.X(r).first(near);
    rows.insert(rows.end(), x.begin(), x.end());
    Normalise(rows.data() + r * near, near);
  }
  return rows;
}

// k-means++ (Arthur and Vassilvitskii 2007): the next centre is drawn with a chance that grows with the
// distance to those there are.
std::vector<float> FirstCentres(const std::vector<float>& rows, std::size_t n, std::size_t near,
                                std::size_t k, Random* random) {
  std::vector<float> centres, distance(n, std::numeric_limits<float>::max());
  std::size_t pick = random->Below(n);
  for (std::size_t c = 0; c < k; ++c) {
    const float* chosen = rows.data() + pick * near;
    centres.insert(centres.end(), chosen, chosen + near);
    double all = 0;
    for (std::size_t r = 0; r < n; ++r) {
      distance[r] = std::min(distance[r], SquaredDistance(rows.data() + r * near, chosen, near));
      all += distance[r];
    }
    double at = random->Unit() * all;
    pick = 0;
    while (pick + 1 < n && (at -= distance[pick]) > 0) ++pick;
  }
  return centres;
}

std::size_t NearestOf(const float* row, const std::vector<float>& centres, std::size_t near,
                      std::vector<float>* dots) {
  DotRows(centres.data(), dots->size(), near, row, dots->data());
  return static_cast<std::size_t>(std::max_element(dots->begin(), dots->end()) - dots->begin());
}

// Spherical k-means; `of` gets each row's cluster.
std::vector<float> Centres(const std::vector<float>& rows, std::size_t n, std::size_t near, std::size_t k,
                           Random* random, std::vector<std::size_t>* of) {
  std::vector<float> centres = FirstCentres(rows, n, near, k, random), dots(k);
  of->assign(n, k);
  for (int round = 0; round < kRounds; ++round) {
    std::size_t moved = 0;
    std::vector<float> next(centres.size(), 0);
    for (std::size_t r = 0; r < n; ++r) {
      const float* row = rows.data() + r * near;
      const std::size_t c = NearestOf(row, centres, near, &dots);
      moved += (*of)[r] != c;
      (*of)[r] = c;
      AddScaled(1, row, next.data() + c * near, near);
    }
    if (moved == 0) break;
    for (std::size_t c = 0; c < k; ++c) {
      // A cluster that lost everybody keeps its place.
      if (Normalise(next.data() + c * near, near) > 0)
        std::copy_n(next.begin() + static_cast<std::ptrdiff_t>(c * near), near,
                    centres.begin() + static_cast<std::ptrdiff_t>(c * near));
    }
  }
  return centres;
}

}  // namespace

class Clusters : public Estimator {
 public:
  std::string_view kind() const override { return "kmeans"; }
  std::size_t features() const override { return features_; }
  std::size_t workers() const override { return workers_; }

  void Predict(std::span<const float> x, std::span<Estimate> out) const override {
    const std::size_t k = centres_.size() / near_;
    float dots[kClusters];
    DotRows(centres_.data(), k, near_, x.data(), dots);
    const float length = std::sqrt(std::max(Dot(x.data(), x.data(), near_), 1e-12F));
    std::size_t order[kClusters];
    for (std::size_t c = 0; c < k; ++c) order[c] = c;
    const std::size_t nearest = std::min(kNearest, k);
    std::partial_sort(order, order + nearest, order + k, [&](auto a, auto b) { return dots[a] > dots[b]; });
    float weights[kNearest], sum = 0;
    for (std::size_t i = 0; i < nearest; ++i)
      sum += weights[i] = std::exp(kBeta * (dots[order[i]] - dots[order[0]]) / length);
    for (std::size_t w = 0; w < out.size(); ++w) {
      float p = 0, variance = 0;
      for (std::size_t i = 0; i < nearest; ++i) {
        const std::size_t at = order[i] * workers_ + w;
        const float share = weights[i] / sum, rate = rates_[at];
        p += share * rate;
        variance += share * share * std::max(rate * (1 - rate), 0.01F) / (cells_[at] + 1);
      }
      out[w] = {std::clamp(p, 0.0F, 1.0F), std::sqrt(std::max(variance, 0.0F))};
    }
  }

  void Save(ByteWriter* out) const override {
    out->Put(std::uint64_t{features_}), out->Put(std::uint64_t{near_}), out->Put(std::uint64_t{workers_});
    out->Put(centres_), out->Put(rates_), out->Put(cells_);
  }

 private:
  friend std::unique_ptr<Estimator> FitClusters(const Table&, const FitOptions&);
  friend std::unique_ptr<Estimator> ReadClusters(ByteReader*);

  void CountRates(const Table& t, const std::vector<std::size_t>& of) {
    const std::vector<float> means = WorkerMeans(t);
    const std::size_t k = centres_.size() / near_;
    rates_.assign(k * workers_, 0);
    cells_.assign(k * workers_, 0);
    for (std::size_t r = 0; r < t.rows; ++r) {
      const auto q = t.Quality(r);
      for (std::size_t w = 0; w < workers_; ++w) {
        if (std::isnan(q[w])) continue;
        rates_[of[r] * workers_ + w] += q[w], cells_[of[r] * workers_ + w] += 1;
      }
    }
    for (std::size_t i = 0; i < rates_.size(); ++i)
      rates_[i] = (rates_[i] + kPriorCells * means[i % workers_]) / (cells_[i] + kPriorCells);
  }

  std::size_t features_ = 0, near_ = 0, workers_ = 0;
  std::vector<float> centres_, rates_, cells_;
};

std::unique_ptr<Estimator> FitClusters(const Table& t, const FitOptions& options) {
  auto model = std::make_unique<Clusters>();
  model->features_ = t.features, model->near_ = t.Near(), model->workers_ = t.workers;
  const std::size_t k = std::clamp<std::size_t>(t.rows / kRowsPerCluster, 1, kClusters);
  Random random(options.seed);
  std::vector<std::size_t> of;
  model->centres_ = Centres(UnitRows(t, model->near_), t.rows, model->near_, k, &random, &of);
  model->CountRates(t, of);
  return model;
}

std::unique_ptr<Estimator> ReadClusters(ByteReader* in) {
  auto model = std::make_unique<Clusters>();
  model->features_ = in->Count(1, kMaxFeatures);
  model->near_ = in->Count(1, std::max<std::size_t>(model->features_, 1));
  model->workers_ = in->Count(1, kMaxWorkers);
  model->centres_ = in->Floats();
  if (in->failed() || model->centres_.empty() || model->centres_.size() % model->near_ != 0 ||
      model->centres_.size() / model->near_ > kClusters)
    return in->Fail(), nullptr;
  const std::size_t cells = model->centres_.size() / model->near_ * model->workers_;
  model->rates_ = in->Floats(cells);
  model->cells_ = in->Floats(cells);
  for (float n : model->cells_) {
    if (n < 0) in->Fail();
  }
  return model;
}

}  // namespace baton::estimate
