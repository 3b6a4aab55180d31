// Fitting the network: Adam (Kingma and Ba 2015) on batches of rows, its step falling to nothing along a half
// cosine.
//
// The loss has the logarithm of a Gaussian prior in it, so what is found is the most probable set of weights
// and the same Gaussian gives the spread (laplace.h); there is no other regularisation and nothing to tune
// per data set. Small tables are passed often, large ones a few times: 1,500 steps at least, eight passes at
// least.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "base/vectors.h"
#include "estimate/kinds.h"
#include "estimate/network.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

constexpr std::size_t kBatch = 128, kLeastBatch = 16, kLeastSteps = 1500, kPasses = 8, kLaplaceRows = 4096;
constexpr double kRate = 0.01, kBeta1 = 0.9, kBeta2 = 0.999;

class Adam {
 public:
  explicit Adam(std::size_t n) : m_(n, 0), v_(n, 0) {}
  void Step(double rate, std::span<const float> gradient, std::span<float> parameters) {
    ++t_;
    const auto a = static_cast<float>(rate / (1 - std::pow(kBeta1, t_)));
    const auto c = static_cast<float>(1 / (1 - std::pow(kBeta2, t_)));
    constexpr auto b1 = static_cast<float>(kBeta1), b2 = static_cast<float>(kBeta2);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      m_[i] = b1 * m_[i] + (1 - b1) * gradient[i];
      v_[i] = b2 * v_[i] + (1 - b2) * gradient[i] * gradient[i];
      parameters[i] -= a * m_[i] / (std::sqrt(v_[i] * c) + 1e-8F);
    }
  }

 private:
  int t_ = 0;
  std::vector<float> m_, v_;
};

// Standard normal, by the polar method.
double Normal(Random* random) {
  for (;;) {
    const double a = 2 * random->Unit() - 1, b = 2 * random->Unit() - 1, s = a * a + b * b;
    if (s > 0 && s < 1) return a * std::sqrt(-2 * std::log(s) / s);
  }
}

std::vector<float> FirstParameters(const NetworkShape& s, const Table& t, Random* random) {
  std::vector<float> p(s.Parameters(), 0);
  const double deviation = std::sqrt(2.0 / static_cast<double>(s.features));
  for (std::size_t i = s.P(); i < s.C(); ++i) p[i] = static_cast<float>(deviation * Normal(random));
  // Without a hidden layer the problem is convex and zero is the best start.
  const double read_out = s.hidden > 0 ? std::sqrt(0.2 / static_cast<double>(s.Inner())) : 0;
  for (std::size_t i = s.V(); i < s.B(); ++i) p[i] = static_cast<float>(read_out * Normal(random));
  const std::vector<float> means = WorkerMeans(t);
  for (std::size_t w = 0; w < s.workers; ++w) p[s.B() + w] = Logit(means[w]);
  return p;
}

void Shuffle(std::vector<std::size_t>* order, Random* random) {
  for (std::size_t i = order->size(); i > 1; --i) std::swap((*order)[i - 1], (*order)[random->Below(i)]);
}

}  // namespace

std::unique_ptr<Network> Train(std::string_view kind, NetworkShape s, const Table& t,
                               const FitOptions& options) {
  auto model = std::make_unique<Network>();
  s.features = t.features, s.workers = t.workers;
  model->kind_ = kind, model->shape_ = s;
  MeasureFeatures(t, &model->mean_, &model->scale_);
  Random random(options.seed);
  model->parameters_ = FirstParameters(s, t, &random);
  auto load = [&](std::span<const std::size_t> rows, NetworkBatch* b, std::vector<float>* quality) {
    b->rows = rows.size();
    b->x.resize(rows.size() * s.features);
    quality->clear();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      model->Standardise(t.X(rows[i]), b->x.data() + i * s.features);
      const auto q = t.Quality(rows[i]);
      quality->insert(quality->end(), q.begin(), q.end());
    }
  };

  std::vector<std::size_t> order(t.rows);
  std::iota(order.begin(), order.end(), 0);
  const std::size_t size = std::min(std::clamp(t.rows / 8, kLeastBatch, kBatch), t.rows),
                    per_pass = t.rows / size;
  const std::size_t steps = std::max(kLeastSteps, kPasses * per_pass);
  NetworkBatch batch;
  std::vector<float> quality, gradient(s.Parameters());
  Adam adam(s.Parameters());
  for (std::size_t step = 0; step < steps; ++step) {
    if (step % per_pass == 0) Shuffle(&order, &random);
    load(std::span(order).subspan(step % per_pass * size, size), &batch, &quality);
    std::fill(gradient.begin(), gradient.end(), 0.0F);
    LossAndGradient(s, model->parameters_, quality, 1.0 / static_cast<double>(t.rows), &batch, gradient);
    const double along = static_cast<double>(step) / static_cast<double>(steps);
    adam.Step(kRate * 0.5 * (1 + std::cos(3.141592653589793 * along)), gradient, model->parameters_);
    if (options.progress && step % 64 == 0) options.progress(along);
  }

  // How sure: on some thousand rows, scaled up to all.
  Shuffle(&order, &random);
  const std::size_t sample = std::min(kLaplaceRows, t.rows), n = s.Inner() + 1;
  load(std::span(order).first(sample), &batch, &quality);
  Forward(s, model->parameters_, &batch);
  std::vector<float> h(sample * n, 1), weight(sample, 0), cells;
  for (std::size_t r = 0; r < sample; ++r) {
    std::copy_n(batch.Hidden().begin() + static_cast<std::ptrdiff_t>(r * s.Inner()), s.Inner(),
                h.begin() + static_cast<std::ptrdiff_t>(r * n));
    for (std::size_t w = 0; w < s.workers; ++w) {
      const float p = Sigmoid(batch.logits[r * s.workers + w]);
      weight[r] += p * (1 - p) / static_cast<float>(s.workers);
    }
  }
  model->laplace_ = Laplace(h, weight, n, static_cast<double>(t.rows) / static_cast<double>(sample),
                            static_cast<float>(s.Inner()) / 2);
  (void)WorkerMeans(t, &cells);
  for (float c : cells) model->share_.push_back(c / static_cast<float>(t.rows));
  return model;
}

std::unique_ptr<Estimator> FitLogistic(const Table& table, const FitOptions& options) {
  return Train("logistic", {}, table, options);
}

std::unique_ptr<Estimator> FitFactors(const Table& table, const FitOptions& options) {
  NetworkShape shape;
  shape.hidden = 32;
  return Train("mf", shape, table, options);
}

std::unique_ptr<Estimator> FitPerceptron(const Table& table, const FitOptions& options) {
  NetworkShape shape;
  shape.hidden = 64, shape.bend = Bend::kSilu;
  return Train("mlp", shape, table, options);
}

std::unique_ptr<Estimator> FitItemResponse(const Table& table, const FitOptions& options) {
  NetworkShape shape;
  shape.hidden = 8, shape.bend = Bend::kSoftplus, shape.difficulty = true;
  return Train("irt", shape, table, options);
}

}  // namespace baton::estimate
