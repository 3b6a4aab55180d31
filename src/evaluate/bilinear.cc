#include "evaluate/bilinear.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace baton::evaluate {
namespace {

// Sum of twelve uniforms: near enough to a normal for starts and noise, the same on every machine.
float Normal(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.Unit();
  return static_cast<float>(sum);
}

void Shuffle(std::vector<std::size_t>& order, Random& random) {
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
}

class Training {
 public:
  Training(Bilinear& model, const estimate::Table& table, const TrainPlan& plan, Random& random)
      : m_(model),
        table_(table),
        plan_(plan),
        random_(random),
        on_projection_(model.projection.size(), plan.rate, plan.decay),
        on_vectors_(model.vectors.size(), plan.rate, plan.decay),
        on_biases_(model.biases.size(), plan.rate),
        dp_(model.projection.size()),
        dv_(model.vectors.size()),
        db_(model.biases.size()),
        z_(model.dims),
        dz_(model.dims),
        x_(model.features) {
    for (std::size_t r = 0; r < table.rows; ++r)
      (table.rows >= 20 && r % 7 == 6 ? held_ : order_).push_back(r);
  }

  void Run(const RowLoss& loss, const RowError& error) {
    Bilinear best = m_;
    double least = Held(error);
    int without = 0;
    std::size_t visits = 0;
    for (int epoch = 0; epoch < plan_.epochs && visits < plan_.visits && without < plan_.patience; ++epoch) {
      Epoch(loss);
      visits += order_.size();
      const double now = Held(error);
      if (held_.empty() || now < least) {
        least = now;
        best = m_;
        without = 0;
      } else {
        ++without;
      }
    }
    m_ = std::move(best);
  }

 private:
  void Epoch(const RowLoss& loss) {
    Shuffle(order_, random_);
    for (std::size_t begin = 0; begin < order_.size(); begin += plan_.batch) {
      const std::size_t end = std::min(order_.size(), begin + plan_.batch);
      const float share = 1 / static_cast<float>(end - begin);
      for (std::size_t i = begin; i < end; ++i) Row(order_[i], share, loss);
      for (float& v : dv_) v *= share;
      for (float& v : db_) v *= share;
      on_projection_.Step(m_.projection, dp_);
      on_vectors_.Step(m_.vectors, dv_);
      on_biases_.Step(m_.biases, db_);
    }
  }

  void Row(std::size_t row, float share, const RowLoss& loss) {
    const auto features = table_.X(row);
    std::copy(features.begin(), features.end(), x_.begin());
    const float noise = plan_.noise / std::sqrt(static_cast<float>(m_.features));
    if (noise > 0)
      for (float& v : x_) v += noise * Normal(random_);
    m_.Project(x_, z_);
    std::fill(dz_.begin(), dz_.end(), 0.0F);
    loss(row, z_, {dz_, dv_, db_});
    for (std::size_t k = 0; k < m_.dims; ++k)
      if (dz_[k] != 0) Axpy(dz_[k] * share, x_, std::span(dp_).subspan(k * m_.features, m_.features));
  }

  double Held(const RowError& error) {
    double sum = 0;
    for (const std::size_t r : held_) {
      m_.Project(table_.X(r), z_);
      sum += error(r, z_);
    }
    return sum;
  }

  Bilinear& m_;
  const estimate::Table& table_;
  const TrainPlan& plan_;
  Random& random_;
  Adam on_projection_, on_vectors_, on_biases_;
  std::vector<float> dp_, dv_, db_, z_, dz_, x_;
  std::vector<std::size_t> order_, held_;
};

}  // namespace

void Bilinear::Begin(std::size_t f, std::size_t d, std::size_t w, float vector_spread, Random& random) {
  features = f, dims = d, workers = w;
  projection.resize(d * f);
  vectors.resize(w * d);
  biases.assign(w, 0);
  const float spread = 1 / std::sqrt(static_cast<float>(f));
  for (float& v : projection) v = spread * Normal(random);
  for (float& v : vectors) v = vector_spread * Normal(random);
}

void Bilinear::Project(std::span<const float> x, std::span<float> z) const {
  for (std::size_t k = 0; k < dims; ++k) z[k] = Dot(std::span(projection).subspan(k * features, features), x);
}

void TrainBilinear(Bilinear& model, const estimate::Table& table, const TrainPlan& plan, Random& random,
                   const RowLoss& loss, const RowError& error) {
  Training(model, table, plan, random).Run(loss, error);
}

}  // namespace baton::evaluate
