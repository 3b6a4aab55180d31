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

void TrainBilinear(Bilinear& m, const estimate::Table& table, const TrainPlan& plan, Random& random,
                   const RowLoss& loss) {
  Adam on_projection(m.projection.size(), plan.rate, plan.decay),
      on_vectors(m.vectors.size(), plan.rate, plan.decay), on_biases(m.biases.size(), plan.rate);
  std::vector<float> dp(m.projection.size()), dv(m.vectors.size()), db(m.biases.size()), z(m.dims),
      dz(m.dims), x(m.features);
  std::vector<std::size_t> order(table.rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const float noise = plan.noise / std::sqrt(static_cast<float>(m.features));
  std::size_t left = std::min(plan.visits, table.rows * static_cast<std::size_t>(plan.epochs));
  while (left > 0) {
    Shuffle(order, random);
    for (std::size_t begin = 0; begin < order.size() && left > 0; begin += plan.batch) {
      const std::size_t end = std::min({order.size(), begin + plan.batch, begin + left});
      const float share = 1 / static_cast<float>(end - begin);
      for (std::size_t i = begin; i < end; ++i) {
        const auto row = table.X(order[i]);
        std::copy(row.begin(), row.end(), x.begin());
        if (noise > 0)
          for (float& v : x) v += noise * Normal(random);
        m.Project(x, z);
        std::fill(dz.begin(), dz.end(), 0.0F);
        loss(order[i], z, {dz, dv, db});
        for (std::size_t k = 0; k < m.dims; ++k)
          if (dz[k] != 0) Axpy(dz[k] * share, x, std::span(dp).subspan(k * m.features, m.features));
      }
      for (float& v : dv) v *= share;
      for (float& v : db) v *= share;
      on_projection.Step(m.projection, dp);
      on_vectors.Step(m.vectors, dv);
      on_biases.Step(m.biases, db);
      left -= end - begin;
    }
  }
}

}  // namespace baton::evaluate
