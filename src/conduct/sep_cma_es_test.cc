#include "conduct/sep_cma_es.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace baton::conduct {
namespace {

using F = std::function<double(const std::vector<double>&)>;

double Sphere(const std::vector<double>& x) {
  double s = 0;
  for (const double v : x) s += v * v;
  return s;
}
double Ellipsoid(const std::vector<double>& x) {
  double s = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    s += std::pow(1e6, static_cast<double>(i) / static_cast<double>(x.size() - 1)) * x[i] * x[i];
  return s;
}
double Rosenbrock(const std::vector<double>& x) {
  double s = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i)
    s += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
  return s;
}

// Generations until `f` at the mean is below `target`; `most` when it never is.
int Solve(const F& f, std::vector<double> start, double sigma, double target, int most,
          std::uint64_t seed = 3) {
  SepCmaEs es({std::move(start), sigma, {}, 0, seed});
  for (int g = 0; g < most; ++g) {
    std::vector<double> values;
    for (const auto& x : es.Ask()) values.push_back(f(x));
    es.Tell(values);
    if (f(es.mean()) < target) return g + 1;
  }
  return most;
}

TEST(SepCmaEs, SolvesTheStandardFunctions) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    EXPECT_LT(Solve(Sphere, std::vector<double>(20, 1), 0.5, 1e-10, 1000, seed), 1000);
    EXPECT_LT(Solve(Ellipsoid, std::vector<double>(20, 1), 0.5, 1e-10, 3000, seed), 3000);
    EXPECT_LT(Solve(Rosenbrock, std::vector<double>(5, 0), 0.3, 1e-6, 20000, seed), 20000);
  }
}

// What the diagonal is for: axes that differ a thousandfold in length cost it little.
TEST(SepCmaEs, LearnsTheScaleOfEachCoordinate) {
  const int round = Solve(Sphere, std::vector<double>(20, 1), 0.5, 1e-10, 3000);
  EXPECT_LT(Solve(Ellipsoid, std::vector<double>(20, 1), 0.5, 1e-10, 3000), 6 * round);
}

TEST(SepCmaEs, PopulationIsThatOfTheRuleAndTheDimensionMayBeLarge) {
  EXPECT_EQ(SepCmaEs({std::vector<double>(5184, 0)}).population(), 30);
  EXPECT_EQ(SepCmaEs({std::vector<double>(10240, 0)}).population(), 32);
  SepCmaEs es({std::vector<double>(5184, 0.5), 0.1});
  const double before = Sphere(es.mean());
  for (int g = 0; g < 200; ++g) {
    std::vector<double> values;
    for (const auto& x : es.Ask()) values.push_back(Sphere(x));
    es.Tell(values);
  }
  EXPECT_LT(Sphere(es.mean()), before * 0.75);
}

TEST(SepCmaEs, ResumedItGoesOnToTheLastBit) {
  const auto step = [](SepCmaEs& es) {
    std::vector<double> values;
    for (const auto& x : es.Ask()) values.push_back(Rosenbrock(x));
    es.Tell(values);
  };
  SepCmaEs whole({std::vector<double>(7, 0.2), 0.3, {}, 0, 9});
  for (int g = 0; g < 10; ++g) step(whole);
  SepCmaEs first({std::vector<double>(7, 0.2), 0.3, {}, 0, 9});
  for (int g = 0; g < 4; ++g) step(first);
  auto second = SepCmaEs::Read(first.Write());
  ASSERT_TRUE(second);
  for (int g = 4; g < 10; ++g) step(*second);
  EXPECT_EQ(whole.mean(), second->mean());
  EXPECT_EQ(whole.sigma(), second->sigma());
}

TEST(SepCmaEs, ValuesThatAreNoNumbersRankLastAndBadStatesAreRefused) {
  SepCmaEs es({std::vector<double>(4, 1), 0.1});
  std::vector<double> values(static_cast<std::size_t>(es.population()),
                             std::numeric_limits<double>::quiet_NaN());
  values[0] = 1;
  es.Tell(values);
  for (const double v : es.mean()) EXPECT_TRUE(std::isfinite(v));
  const std::string state = es.Write();
  EXPECT_FALSE(SepCmaEs::Read(state.substr(0, state.size() / 2)));
  EXPECT_FALSE(SepCmaEs::Read("{}"));
  EXPECT_FALSE(SepCmaEs::Read(""));
  std::string other = state;
  other.replace(other.find("\"sigma\":"), 8, "\"sigma\":-");
  EXPECT_FALSE(SepCmaEs::Read(other));
}

}  // namespace
}  // namespace baton::conduct
