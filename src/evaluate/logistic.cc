#include "evaluate/logistic.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "evaluate/linear.h"

namespace baton::evaluate {

void Logistic::Fit(std::span<const float> x, std::size_t width, std::span<const float> target, float decay,
                   int epochs, std::uint64_t seed) {
  const std::size_t n = target.size();
  weights_.assign(width + 1, 0);  // the bias is trained with the weights and kept apart afterwards
  double mean = 0;
  for (const float y : target) mean += static_cast<double>(y);
  mean = std::min(0.98, std::max(0.02, n > 0 ? mean / static_cast<double>(n) : 0.5));
  weights_[width] = static_cast<float>(std::log(mean / (1 - mean)));
  Adam adam(weights_.size(), 0.02F);
  std::vector<float> gradient(weights_.size());
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(seed);
  constexpr std::size_t kBatch = 32;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
    for (std::size_t begin = 0; begin < n; begin += kBatch) {
      const std::size_t end = std::min(n, begin + kBatch);
      const float share = 1 / static_cast<float>(end - begin);
      for (std::size_t i = begin; i < end; ++i) {
        const auto row = x.subspan(order[i] * width, width);
        const float p = Sigmoid(Dot(std::span<const float>(weights_).first(width), row) + weights_[width]);
        const float g = (p - target[order[i]]) * share;
        Axpy(g, row, std::span(gradient).first(width));
        gradient[width] += g;
      }
      Axpy(decay, std::span<const float>(weights_).first(width), std::span(gradient).first(width));
      adam.Step(weights_, gradient);
    }
  }
  bias_ = weights_.back();
  weights_.pop_back();
}

float Logistic::Predict(std::span<const float> x) const {
  return Sigmoid(Dot(weights_, x) + bias_);
}

}  // namespace baton::evaluate
