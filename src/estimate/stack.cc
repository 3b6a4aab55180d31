// The default: several estimators, each weighed by how well it does on rows it was not fitted to.
//
// Every member is fitted five times on four fifths of the rows and predicts the fifth, so every recorded cell
// has an honest estimate from each member. On these, one set of weights (on the simplex, shared by all
// workers) is found that minimises the log loss of the weighted mean of logits, and each worker gets a
// calibration curve; then the members are fitted once more on everything. Weights shared by the workers keep
// this sound with few rows; which member is best differs more between data sets than between workers. Costs
// six fittings. The exact kNN is a member of small tables only: live, a decision may cost tens of
// microseconds.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "estimate/calibrate.h"
#include "estimate/kinds.h"
#include "estimate/parallel.h"
#include "estimate/shape.h"

namespace baton::estimate {

constexpr std::size_t kFolds = 5, kSmall = 2000, kMaxMembers = 16;

class Stack : public Estimator {
 public:
  std::string_view kind() const override { return "stack"; }
  std::size_t features() const override { return members_.front()->features(); }
  std::size_t workers() const override { return calibrators_.size(); }

  void Predict(std::span<const float> x, std::span<Estimate> out) const override {
    thread_local std::vector<Estimate> buffer;
    std::vector<Estimate> each = std::move(buffer);  // a stack within a stack has its own
    const std::size_t n = out.size();
    each.resize(members_.size() * n);
    for (std::size_t m = 0; m < members_.size(); ++m)
      members_[m]->Predict(x, std::span(each).subspan(m * n, n));
    for (std::size_t w = 0; w < n; ++w) {
      float logit = 0, variance = 0;
      for (std::size_t m = 0; m < members_.size(); ++m) logit += weights_[m] * Logit(each[m * n + w].quality);
      const float p = Sigmoid(logit);
      for (std::size_t m = 0; m < members_.size(); ++m) {
        const Estimate& e = each[m * n + w];
        // Doubt of each, and doubt because they disagree.
        variance += weights_[m] * (e.spread * e.spread + (e.quality - p) * (e.quality - p));
      }
      out[w] = {calibrators_[w](p), std::min(std::sqrt(variance), 0.5F)};
    }
    buffer = std::move(each);
  }

  void Save(ByteWriter* out) const override {
    out->Put(weights_);
    for (const auto& m : members_) WriteEstimator(*m, out);
    out->Put(std::uint64_t{calibrators_.size()});
    for (const auto& c : calibrators_) c.Save(out);
  }

  std::vector<float> weights_;
  std::vector<std::unique_ptr<Estimator>> members_;
  std::vector<Calibrator> calibrators_;
};

namespace {

std::vector<std::string_view> MembersFor(const Table& t) {
  std::vector<std::string_view> kinds = {"kmeans", "logistic", "mf", "mlp", "irt"};
  if (t.rows <= kSmall) kinds.push_back("knn");
  return kinds;
}

// Estimates of each member for rows it was not fitted to: members x rows x workers.
struct OutOfFold {
  std::vector<std::vector<float>> logits;
};

OutOfFold Cross(const Table& t, const std::vector<std::string_view>& kinds, const FitOptions& options,
                const std::function<void()>& step) {
  std::vector<std::size_t> order(t.rows);
  std::iota(order.begin(), order.end(), 0);
  Random random(options.seed);
  for (std::size_t i = t.rows; i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  std::vector<std::vector<std::size_t>> in(kFolds), out(kFolds);
  for (std::size_t i = 0; i < t.rows; ++i) {
    for (std::size_t f = 0; f < kFolds; ++f) (i % kFolds == f ? out : in)[f].push_back(order[i]);
  }
  OutOfFold result;
  result.logits.assign(kinds.size(), std::vector<float>(t.rows * t.workers, 0));
  Parallel(kFolds * kinds.size(), options.threads, [&](std::size_t task) {
    const std::size_t f = task / kinds.size(), m = task % kinds.size();
    FitOptions inner;
    inner.seed = options.seed;
    auto fitted = Fit(kinds[m], t.Select(in[f]), inner);
    std::vector<Estimate> estimates(t.workers);
    for (std::size_t row : out[f]) {
      // A fold without a recorded cell teaches nothing; its rows stay at 0.5.
      if (fitted) (*fitted)->Predict(t.X(row), estimates);
      for (std::size_t w = 0; w < t.workers; ++w)
        result.logits[m][row * t.workers + w] = Logit(estimates[w].quality);
    }
    step();
  });
  return result;
}

// Exponentiated gradient: weights stay positive and sum to one.
std::vector<float> Weigh(const OutOfFold& oof, const std::vector<float>& quality) {
  const std::size_t n = oof.logits.size();
  std::vector<double> w(n, 1.0 / static_cast<double>(n)), gradient(n);
  for (int round = 0; round < 300; ++round) {
    std::fill(gradient.begin(), gradient.end(), 0);
    double cells = 0;
    for (std::size_t i = 0; i < quality.size(); ++i) {
      if (std::isnan(quality[i])) continue;
      double z = 0;
      for (std::size_t m = 0; m < n; ++m) z += w[m] * static_cast<double>(oof.logits[m][i]);
      const double e = 1 / (1 + std::exp(-z)) - static_cast<double>(quality[i]);
      for (std::size_t m = 0; m < n; ++m) gradient[m] += e * static_cast<double>(oof.logits[m][i]);
      cells += 1;
    }
    double sum = 0;
    for (std::size_t m = 0; m < n; ++m)
      sum += w[m] *= std::exp(-std::clamp(2 * gradient[m] / cells, -1.0, 1.0));
    for (double& v : w) v /= sum;
  }
  return {w.begin(), w.end()};
}

std::vector<Calibrator> CalibrateWorkers(const OutOfFold& oof, const std::vector<float>& weights,
                                         const Table& t) {
  std::vector<Calibrator> all;
  for (std::size_t w = 0; w < t.workers; ++w) {
    std::vector<std::pair<float, float>> pairs;
    for (std::size_t r = 0; r < t.rows; ++r) {
      const std::size_t i = r * t.workers + w;
      if (std::isnan(t.quality[i])) continue;
      float z = 0;
      for (std::size_t m = 0; m < weights.size(); ++m) z += weights[m] * oof.logits[m][i];
      pairs.emplace_back(Sigmoid(z), t.quality[i]);
    }
    all.push_back(Calibrator::Best(pairs));
  }
  return all;
}

}  // namespace

std::unique_ptr<Estimator> FitStack(const Table& t, const FitOptions& options) {
  auto model = std::make_unique<Stack>();
  auto kinds = MembersFor(t);
  const std::size_t steps = (kFolds + 1) * kinds.size();
  std::atomic<std::size_t> done = 0;
  auto step = [&] {
    const std::size_t n = ++done;
    if (options.progress) options.progress(static_cast<double>(n) / static_cast<double>(steps));
  };
  if (t.rows >= 2 * kFolds) {
    const OutOfFold oof = Cross(t, kinds, options, step);
    model->weights_ = Weigh(oof, t.quality);
    model->calibrators_ = CalibrateWorkers(oof, model->weights_, t);
  } else {  // too few rows to hold any back
    model->weights_.assign(kinds.size(), 1.0F / static_cast<float>(kinds.size()));
    model->calibrators_.resize(t.workers);
  }
  // A member that hardly counts is not worth its microseconds.
  std::vector<float> kept;
  std::vector<std::string_view> kept_kinds;
  for (std::size_t m = 0; m < kinds.size(); ++m) {
    if (model->weights_[m] >= 0.02F) kept.push_back(model->weights_[m]), kept_kinds.push_back(kinds[m]);
  }
  const float sum = std::accumulate(kept.begin(), kept.end(), 0.0F);
  for (float& v : kept) v /= sum;
  model->weights_ = kept;
  model->members_.resize(kept.size());
  Parallel(kept.size(), options.threads, [&](std::size_t m) {
    FitOptions inner;
    inner.seed = options.seed;
    model->members_[m] = std::move(Fit(kept_kinds[m], t, inner)).value();
    step();
  });
  return model;
}

std::unique_ptr<Estimator> ReadStack(ByteReader* in) {
  thread_local int depth = 0;
  if (depth > 0) return in->Fail(), nullptr;  // stacks do not hold stacks
  auto model = std::make_unique<Stack>();
  model->weights_ = in->Floats();
  if (in->failed() || model->weights_.empty() || model->weights_.size() > kMaxMembers)
    return in->Fail(), nullptr;
  ++depth;
  for (std::size_t m = 0; m < model->weights_.size() && !in->failed(); ++m)
    model->members_.push_back(ReadEstimator(in));
  --depth;
  const std::size_t workers = in->Count(1, kMaxWorkers);
  for (std::size_t w = 0; w < workers && !in->failed(); ++w)
    model->calibrators_.push_back(Calibrator::Read(in));
  if (in->failed()) return nullptr;
  for (const auto& m : model->members_) {
    if (m->workers() != workers || m->features() != model->members_.front()->features()) in->Fail();
  }
  return model;
}

}  // namespace baton::estimate
