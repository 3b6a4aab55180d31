#include "estimate/calibrate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace baton::estimate {
namespace {

using Pairs = std::vector<std::pair<float, float>>;

// Estimates that are too sure of themselves: the truth is `truth(p)`.
template <class F>
Pairs Drawn(std::size_t n, std::uint64_t seed, F truth) {
  Random random(seed);
  Pairs pairs;
  for (std::size_t i = 0; i < n; ++i) {
    const double p = random.Unit();
    pairs.emplace_back(static_cast<float>(p), random.Unit() < truth(p) ? 1.0F : 0.0F);
  }
  return pairs;
}

double Damped(double p) {
  return 0.3 + 0.4 * p;
}
double HalfTheLogit(double p) {
  return 1 / (1 + std::sqrt((1 - p) / p));
}
double Step(double p) {
  return p < 0.5 ? 0.1 : 0.8;
}

double ErrorOf(const Calibrator& c, double (*truth)(double)) {
  double sum = 0;
  for (int i = 1; i < 100; ++i)
    sum += std::abs(static_cast<double>(c(static_cast<float>(i) / 100)) - truth(i / 100.0));
  return sum / 99;
}

TEST(Calibrator, PlattTakesOverconfidenceBack) {
  EXPECT_LT(ErrorOf(Calibrator::Platt(Drawn(4000, 1, Damped)), Damped), 0.03);
  EXPECT_GT(ErrorOf(Calibrator(), Damped), 0.12);
}

TEST(Calibrator, IsotonicFollowsAStepThatPlattCannot) {
  const Pairs pairs = Drawn(8000, 2, Step);
  EXPECT_LT(ErrorOf(Calibrator::Isotonic(pairs), Step), 0.04);
  EXPECT_GT(ErrorOf(Calibrator::Platt(pairs), Step), 0.08);
  EXPECT_TRUE(Calibrator::Best(pairs).isotonic());
  EXPECT_FALSE(Calibrator::Best(Drawn(8000, 3, HalfTheLogit)).isotonic());
}

TEST(Calibrator, NeverTurnsTheOrderRound) {
  // The higher the estimate, the less often right: nothing can be told from it any more.
  const Pairs pairs = Drawn(2000, 4, [](double p) { return 1 - p; });
  for (const Calibrator& c : {Calibrator::Platt(pairs), Calibrator::Isotonic(pairs)}) {
    for (int i = 1; i < 50; ++i)
      EXPECT_LE(c(static_cast<float>(i) / 50 - 0.02F), c(static_cast<float>(i) / 50) + 1e-6F);
  }
}

TEST(Calibrator, WithHardlyAnyPairsItChangesLittle) {
  const Pairs one = {{0.9F, 0.0F}};
  EXPECT_GT(Calibrator::Best(one)(0.9F), 0.7F);
  EXPECT_EQ(Calibrator::Best({})(0.37F), 0.37F);
}

TEST(Calibrator, ReadsBackWhatItWrote) {
  for (const Calibrator& c :
       {Calibrator::Isotonic(Drawn(500, 5, Step)), Calibrator::Platt(Drawn(500, 6, Damped))}) {
    ByteWriter out;
    c.Save(&out);
    ByteReader in(out.bytes());
    const Calibrator read = Calibrator::Read(&in);
    ASSERT_TRUE(in.done());
    for (int i = 0; i <= 20; ++i) EXPECT_EQ(c(static_cast<float>(i) / 20), read(static_cast<float>(i) / 20));
  }
}

}  // namespace
}  // namespace baton::estimate
