#include "estimate/network.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "estimate/shape.h"

namespace baton::estimate {
namespace {

struct Case {
  const char* name;
  std::size_t hidden;
  Bend bend;
  bool difficulty;
};

class Gradient : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Shapes, Gradient,
                         testing::Values(Case{"logistic", 0, Bend::kNone, false},
                                         Case{"mf", 3, Bend::kNone, false},
                                         Case{"mlp", 4, Bend::kSilu, false},
                                         Case{"irt", 3, Bend::kSoftplus, true}),
                         [](const auto& shape) { return std::string(shape.param.name); });

TEST_P(Gradient, AgreesWithFiniteDifferences) {
  NetworkShape shape;
  shape.features = 5, shape.workers = 3;
  shape.hidden = GetParam().hidden, shape.bend = GetParam().bend, shape.difficulty = GetParam().difficulty;
  Random random(3);
  NetworkBatch batch;
  batch.rows = 7;
  std::vector<float> quality;
  for (std::size_t i = 0; i < batch.rows * shape.features; ++i)
    batch.x.push_back(static_cast<float>(2 * random.Unit() - 1));
  for (std::size_t i = 0; i < batch.rows * shape.workers; ++i)
    quality.push_back(random.Unit() < 0.3 ? kMissing : static_cast<float>(random.Unit()));
  std::vector<float> parameters;
  for (std::size_t i = 0; i < shape.Parameters(); ++i)
    parameters.push_back(static_cast<float>(random.Unit() - 0.5));
  constexpr double kPrior = 0.05;
  std::vector<float> gradient(parameters.size(), 0), unused(parameters.size(), 0);
  LossAndGradient(shape, parameters, quality, kPrior, &batch, gradient);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    constexpr float kStep = 4e-3F;
    const float at = parameters[i];
    parameters[i] = at + kStep;
    const double above = LossAndGradient(shape, parameters, quality, kPrior, &batch, unused);
    parameters[i] = at - kStep;
    const double below = LossAndGradient(shape, parameters, quality, kPrior, &batch, unused);
    parameters[i] = at;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * static_cast<double>(kStep)), 2e-3) << "parameter " << i;
  }
}

TEST(Laplace, VarianceIsTheInverseOfThePrecision) {
  // Rows (1,0) and (0,2) with weight 1, prior 1: precisions 2 and 5.
  const std::vector<float> h = {1, 0, 0, 2}, weight = {1, 1};
  const Laplace l(h, weight, 2, 1, 1);
  EXPECT_NEAR(l.Variance(std::vector<float>{1, 0}), 1 / 2.0, 1e-6);
  EXPECT_NEAR(l.Variance(std::vector<float>{0, 1}), 1 / 5.0, 1e-6);
  EXPECT_NEAR(l.Variance(std::vector<float>{1, 1}), 1 / 2.0 + 1 / 5.0, 1e-6);
}

}  // namespace
}  // namespace baton::estimate
