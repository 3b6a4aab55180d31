// RouterDC (arXiv 2409.19886; train_router_mdeberta.py of its repository): questions and workers are vectors,
// compared by cosine, learned with two contrastive losses. Sample-worker: each of the three best workers
// (score above 0) against the three worst (score at most a half). Sample-sample: a question against others of
// its own cluster and of other clusters. Their encoder (mDeBERTa) is trained along; here the encoder stays as
// it is and a projection of its features is trained, so that all policies see the same features. The
// published scripts weigh sample-sample with 0 or 1; 1 here.
//
// Cost enters as in its RouterBench variant: the score loses cost times a rate. For that the cosines, which
// have no scale, are turned into qualities by a line fitted to the training rows, one line for all workers.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluate/bilinear.h"
#include "evaluate/policy_util.h"
#include "evaluate/registry.h"

namespace baton::evaluate {
namespace {

constexpr std::size_t kDims = 128, kTop = 3, kLast = 3, kClusters = 8, kOthers = 3;
constexpr float kSharp = 10;  // inverse temperature on cosines

class RouterDc : public RoutingPolicy {
 public:
  std::string_view name() const override { return "routerdc"; }

  Status Fit(const TrainView& train) override {
    const estimate::Table table = MakeTable(train);
    Random random(train.seed);
    model_.Begin(table.features, kDims, table.workers, 0.78F, random);
    Cluster(table, random);
    TrainPlan plan;
    plan.rate = 1e-3F;
    plan.decay = 0;
    Random draws(train.seed + 1);
    std::vector<float> other(kDims);
    TrainBilinear(
        model_, table, plan, random,
        [&](std::size_t row, std::span<const float> z, const Gradient& to) {
          SampleWorker(table.Quality(row), z, to);
          SampleSample(table, row, z, draws, other, to);
        },
        [&](std::size_t row, std::span<const float> z) { return Loss(table.Quality(row), z); });
    Scale(table);
    return {};
  }

 protected:
  void Predict(std::span<const float> x, std::span<float> quality) const override {
    std::vector<float> z(kDims);
    model_.Project(x, z);
    for (std::size_t w = 0; w < quality.size(); ++w)
      quality[w] = offset_ + slope_ * Cosine(z, model_.Vector(w));
  }

 private:
  static float Cosine(std::span<const float> a, std::span<const float> b) {
    return Dot(a, b) / std::sqrt(Dot(a, a) * Dot(b, b) + 1e-12F);
  }
  // Adds g times the derivative of cosine(a, b) by a.
  static void PushCosine(float g, std::span<const float> a, std::span<const float> b, std::span<float> da) {
    const float aa = Dot(a, a) + 1e-12F, bb = Dot(b, b) + 1e-12F, ab = Dot(a, b), norm = std::sqrt(aa * bb);
    Axpy(g / norm, b, da);
    Axpy(-g * ab / (aa * norm), a, da);
  }

  // The best (score above 0) and the worst (at most a half) of a row; none when either side is empty.
  struct Sides {
    std::vector<std::size_t> good, bad;
  };
  static Sides SidesOf(std::span<const float> scores) {
    std::vector<std::size_t> order;
    for (std::size_t w = 0; w < scores.size(); ++w)
      if (!std::isnan(scores[w])) order.push_back(w);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    Sides s;
    for (std::size_t k = order.size(); k-- > 0 && s.bad.size() < kLast;)
      if (scores[order[k]] <= 0.5F) s.bad.push_back(order[k]);
    for (std::size_t k = 0; k < std::min(kTop, order.size()) && scores[order[k]] > 0 && !s.bad.empty(); ++k)
      // In a row with few workers one may stand in both lists.
      if (std::find(s.bad.begin(), s.bad.end(), order[k]) == s.bad.end()) s.good.push_back(order[k]);
    return s;
  }

  void SampleWorker(std::span<const float> scores, std::span<const float> z, const Gradient& to) const {
    const Sides s = SidesOf(scores);
    for (const std::size_t good : s.good) Contrast(good, s.bad, z, to);
  }

  double Loss(std::span<const float> scores, std::span<const float> z) const {
    const Sides s = SidesOf(scores);
    double loss = 0;
    for (const std::size_t good : s.good) {
      const double own = std::exp(static_cast<double>(kSharp * Cosine(z, model_.Vector(good))));
      double sum = own;
      for (const std::size_t w : s.bad)
        sum += std::exp(static_cast<double>(kSharp * Cosine(z, model_.Vector(w))));
      loss -= std::log(own / sum);
    }
    return loss;
  }

  // -log softmax of the good one among itself and the bad ones.
  void Contrast(std::size_t good, const std::vector<std::size_t>& bad, std::span<const float> z,
                const Gradient& to) const {
    std::vector<std::size_t> all = {good};
    all.insert(all.end(), bad.begin(), bad.end());
    std::vector<float> p;
    float sum = 0;
    for (const std::size_t w : all) sum += p.emplace_back(std::exp(kSharp * Cosine(z, model_.Vector(w))));
    for (std::size_t k = 0; k < all.size(); ++k) {
      const float g = kSharp * (p[k] / sum - (k == 0 ? 1.0F : 0.0F));
      PushCosine(g, z, model_.Vector(all[k]), to.dz);
      PushCosine(g, model_.Vector(all[k]), z, to.vectors.subspan(all[k] * kDims, kDims));
    }
  }

  // One of the same cluster against some of others; only this question's side of the gradient, as the others
  // have their own turn.
  void SampleSample(const estimate::Table& table, std::size_t row, std::span<const float> z, Random& draws,
                    std::vector<float>& other, const Gradient& to) const {
    const auto& own = members_[cluster_[row]];
    if (own.size() < 2 || own.size() == table.rows) return;
    std::vector<std::vector<float>> against;
    std::vector<float> p;
    float sum = 0;
    for (std::size_t k = 0; k <= kOthers; ++k) {
      std::size_t r = k == 0 ? own[draws.Below(own.size())] : draws.Below(table.rows);
      if (k > 0 && cluster_[r] == cluster_[row]) continue;
      model_.Project(table.X(r), other);
      against.push_back(other);
      sum += p.emplace_back(std::exp(kSharp * Cosine(z, other)));
    }
    for (std::size_t k = 0; k < against.size(); ++k)
      PushCosine(kSharp * (p[k] / sum - (k == 0 ? 1.0F : 0.0F)), z, against[k], to.dz);
  }

  // A few rounds of k-means on the features; their clusters come from an encoder's embeddings as well.
  void Cluster(const estimate::Table& table, Random& random) {
    const std::size_t n = std::min(kClusters, table.rows), width = table.features;
    std::vector<float> centres;
    for (std::size_t c = 0; c < n; ++c) {
      const auto x = table.X(random.Below(table.rows));
      centres.insert(centres.end(), x.begin(), x.end());
    }
    cluster_.assign(table.rows, 0);
    for (int round = 0; round < 8; ++round) {
      std::vector<float> sums(centres.size());
      for (std::size_t r = 0; r < table.rows; ++r) {
        float most = -2;
        for (std::size_t c = 0; c < n; ++c) {
          const float s = Cosine(table.X(r), std::span(centres).subspan(c * width, width));
          if (s > most) most = s, cluster_[r] = c;
        }
        Axpy(1, table.X(r), std::span(sums).subspan(cluster_[r] * width, width));
      }
      centres = sums;
    }
    members_.assign(n, {});
    for (std::size_t r = 0; r < table.rows; ++r) members_[cluster_[r]].push_back(r);
  }

  // Least squares of score on cosine over all recorded cells.
  void Scale(const estimate::Table& table) {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    std::vector<float> z(kDims);
    for (std::size_t r = 0; r < table.rows; ++r) {
      model_.Project(table.X(r), z);
      for (std::size_t w = 0; w < table.workers; ++w) {
        if (std::isnan(table.Quality(r)[w])) continue;
        const double x = static_cast<double>(Cosine(z, model_.Vector(w))),
                     y = static_cast<double>(table.Quality(r)[w]);
        n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
      }
    }
    const double spread = sxx - sx * sx / n;
    slope_ = static_cast<float>(spread > 0 ? std::max(0.0, (sxy - sx * sy / n) / spread) : 0);
    offset_ = static_cast<float>(sy / n) - slope_ * static_cast<float>(sx / n);
  }

  Bilinear model_;
  std::vector<std::size_t> cluster_;
  std::vector<std::vector<std::size_t>> members_;
  float slope_ = 0, offset_ = 0;
};

}  // namespace

std::unique_ptr<Policy> MakeRouterDc() {
  return std::make_unique<RouterDc>();
}

}  // namespace baton::evaluate
