#include "learn/sequential.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace baton::learn {
namespace {

// Of `runs` comparisons of arms with these qualities, each looked at after every tenth reward: in how many
// was arm B ever said to be better?
int EverBetter(double a, double b, double share, int runs, int rewards, std::uint64_t seed) {
  int said = 0;
  for (int run = 0; run < runs; ++run) {
    Random random(seed + static_cast<std::uint64_t>(run));
    ArmComparison test(share);
    for (int i = 1; i <= rewards; ++i) {
      const bool in_b = random.Unit() < share;
      test.Add(in_b, random.Unit() < (in_b ? b : a));
      if (i % 10 == 0 && test.At(0.05).low > 0) {
        ++said;
        break;
      }
    }
  }
  return said;
}

TEST(ArmComparison, PeekingAllTheTimeFindsNoDifferenceWhereThereIsNone) {
  EXPECT_LE(EverBetter(0.6, 0.6, 0.5, 150, 1500, 1), 7);
  EXPECT_LE(EverBetter(0.6, 0.6, 0.05, 150, 1500, 2), 7);
}

TEST(ArmComparison, ARealDifferenceIsFound) {
  EXPECT_GE(EverBetter(0.5, 0.7, 0.5, 20, 2000, 3), 19);
  EXPECT_GE(EverBetter(0.3, 0.7, 0.1, 20, 4000, 4), 19);
}

TEST(ArmComparison, HarmShowsAsAnUpperBoundBelowZero) {
  Random random(5);
  ArmComparison test(0.2);
  for (int i = 0; i < 5000; ++i) {
    const bool in_b = random.Unit() < 0.2;
    test.Add(in_b, random.Unit() < (in_b ? 0.4 : 0.7));
  }
  EXPECT_LT(test.At(0.05).high, 0);
  EXPECT_NEAR(test.At(0.05).difference, -0.3, 0.08);
}

TEST(ArmComparison, StateIsAllThereIs) {
  Random random(6);
  ArmComparison test(0.3);
  for (int i = 0; i < 500; ++i) {
    if (i == 250) test = ArmComparison(ArmComparison::State(test.state()));
    const bool in_b = random.Unit() < 0.3;
    test.Add(in_b, random.Unit());
  }
  Random again(6);
  ArmComparison whole(0.3);
  for (int i = 0; i < 500; ++i) {
    const bool in_b = again.Unit() < 0.3;
    whole.Add(in_b, again.Unit());
  }
  EXPECT_EQ(whole.At(0.05).low, test.At(0.05).low);
}

TEST(ArmComparison, NothingSeenNothingSaid) {
  const auto b = ArmComparison(0.5).At(0.05);
  EXPECT_EQ(b.low, -1);
  EXPECT_EQ(b.high, 1);
}

TEST(MeanSequence, HoldsTheMeanThroughDrift) {
  int missed = 0;
  for (std::uint64_t run = 0; run < 100; ++run) {
    Random random(900 + run);
    MeanSequence s;
    double means = 0;
    bool out = false;
    for (int i = 1; i <= 1000; ++i) {
      const double mean = 0.5 + 0.3 * std::sin(i / 150.0);
      means += mean;
      s.Add(random.Unit() < mean ? 1 : 0);
      if (i % 20 == 0) out |= s.Lower(0.05) > means / i;
    }
    missed += out;
  }
  EXPECT_LE(missed, 5);
}

TEST(MeanSequence, WidthFallsWithTheRootOfTheNumber) {
  Random random(7);
  MeanSequence s;
  double at_1000 = 0;
  for (int i = 1; i <= 16'000; ++i) {
    s.Add(random.Unit() < 0.5 ? 1 : 0);
    if (i == 1000) at_1000 = s.Upper(0.025) - s.Lower(0.025);
  }
  // A quarter, give or take what the mixture costs; and less than twice the interval made for one look.
  EXPECT_NEAR((s.Upper(0.025) - s.Lower(0.025)) / at_1000, 0.25, 0.06);
  EXPECT_LT(at_1000, 2 * 2 * 1.96 * 0.5 / std::sqrt(1000.0));
}

}  // namespace
}  // namespace baton::learn
