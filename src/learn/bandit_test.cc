#include "learn/bandit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace baton::learn {
namespace {

Compact At(Random& random) {
  std::vector<float> x(64);
  float norm = 0;
  for (float& v : x) v = static_cast<float>(random.Unit() - 0.5), norm += v * v;
  for (float& v : x) v /= std::sqrt(norm);
  return Compact::Project(x, 1);
}

Observation Of(const std::string& worker, const Compact& x, double reward, double expected = 0.5) {
  Observation o;
  o.worker = worker;
  o.x = x;
  o.expected = expected;
  o.reward = reward;
  return o;
}

TEST(Compact, TextCarriesEveryBit) {
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    const Compact c = At(random);
    const auto back = Compact::FromText(c.ToText());
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, c);
    EXPECT_EQ(c.Values()[0], 1);
  }
  EXPECT_EQ(At(random).ToText().size(), 32U);
}

TEST(Compact, OtherTextIsRefused) {
  Random random(2);
  std::string text = At(random).ToText();
  EXPECT_FALSE(Compact::FromText(text.substr(1)));
  text[5] = '=';
  EXPECT_FALSE(Compact::FromText(text));
  EXPECT_FALSE(Compact::FromText(""));
}

TEST(Compact, NearRequestsAreNearInItToo) {
  std::vector<float> a(64), b(64);
  a[3] = 1, b[3] = 0.8F, b[9] = 0.6F;
  std::vector<float> far(64);
  far[30] = 1;
  const auto product = [](const Compact& p, const Compact& q) {
    float s = 0;
    for (std::size_t i = 1; i < kCompact; ++i) s += p.Values()[i] * q.Values()[i];
    return s;
  };
  double near_sum = 0, far_sum = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    near_sum += product(Compact::Project(a, seed), Compact::Project(b, seed)) / 200;
    far_sum += product(Compact::Project(a, seed), Compact::Project(far, seed)) / 200;
  }
  EXPECT_NEAR(near_sum, 0.8, 0.1);
  EXPECT_NEAR(far_sum, 0, 0.1);
}

TEST(Bandit, KnowsNothingMoreThanTheRouterBeforeItHasSeenAnything) {
  Random random(3);
  const auto c = Bandit({}).Snapshot()->Of("w", At(random).Values());
  EXPECT_EQ(c.quality, 0);
  EXPECT_NEAR(c.spread, 0.16, 0.02);
  EXPECT_EQ(c.tokens, 1);
}

TEST(Bandit, LearnsHowFarAWorkerLiesFromItsEstimate) {
  Random random(4);
  Bandit b({});
  for (int i = 0; i < 400; ++i) {
    Observation o = Of("w", At(random), random.Unit() < 0.75 ? 1 : 0);
    o.expected_tokens = 100, o.tokens = 200;
    b.Observe(o);
  }
  double sum = 0;
  const auto snapshot = b.Snapshot();
  for (int i = 0; i < 100; ++i) sum += snapshot->Of("w", At(random).Values()).quality / 100;
  EXPECT_NEAR(sum, 0.25, 0.06);
  const auto c = snapshot->Of("w", At(random).Values());
  EXPECT_LT(c.spread, 0.15);
  EXPECT_NEAR(c.tokens, 2, 0.2);
  EXPECT_EQ(snapshot->Of("other", At(random).Values()).quality, 0);
}

TEST(Bandit, LearnsWhereInTheRequestsAWorkerIsBad) {
  Random random(5);
  Bandit b({.half_life = 5000, .local_sd = 0.3});
  std::vector<float> code(64), prose(64);
  code[0] = prose[40] = 1;
  const Compact kCode = Compact::Project(code, 1), kProse = Compact::Project(prose, 1);
  for (int i = 0; i < 600; ++i) {
    b.Observe(Of("w", kCode, random.Unit() < 0.2));
    b.Observe(Of("w", kProse, random.Unit() < 0.8));
  }
  const auto s = b.Snapshot();
  EXPECT_LT(s->Of("w", kCode.Values()).quality, -0.15);
  EXPECT_GT(s->Of("w", kProse.Values()).quality, 0.15);
}

TEST(Bandit, ForgettingLeadsBackToTheRouter) {
  Random random(6);
  Bandit b({.half_life = 50});
  for (int i = 0; i < 300; ++i) b.Observe(Of("w", At(random), 1));
  const Compact x = At(random);
  const double before = b.Snapshot()->Of("w", x.Values()).quality;
  for (int i = 0; i < 1000; ++i) b.Observe(Of("other", At(random), 1));
  const auto after = b.Snapshot()->Of("w", x.Values());
  EXPECT_GT(before, 0.3);
  EXPECT_NEAR(after.quality, 0, 0.01);
  EXPECT_GT(after.spread, 0.15);
}

TEST(Bandit, CorrectionsAreBounded) {
  Random random(7);
  Bandit b({.half_life = 1e6, .largest = 0.3});
  const Compact x = At(random);
  for (int i = 0; i < 5000; ++i) b.Observe(Of("w", x, 1, 0));
  EXPECT_EQ(b.Snapshot()->Of("w", x.Values()).quality, 0.3);
}

TEST(Bandit, WeightZeroTeachesNothing) {
  Random random(8);
  Bandit b({});
  Observation o = Of("w", At(random), 1);
  o.weight = 0;
  for (int i = 0; i < 100; ++i) b.Observe(o);
  EXPECT_EQ(b.Snapshot()->Weight("w"), 0);
  EXPECT_EQ(b.observations(), 100U);
}

TEST(Bandit, StateSurvivesBitForBit) {
  Random random(9);
  Bandit b({});
  for (int i = 0; i < 200; ++i) b.Observe(Of(i % 3 ? "a" : "b", At(random), random.Unit()));
  auto loaded = Bandit::Load(b.Save(), {});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->Save(), b.Save());
  const auto x = At(random);
  b.Observe(Of("a", x, 1)), loaded->Observe(Of("a", x, 1));
  EXPECT_EQ(loaded->Snapshot()->Of("a", x.Values()).quality, b.Snapshot()->Of("a", x.Values()).quality);
}

TEST(Bandit, CutAndForeignStatesAreRefused) {
  Random random(10);
  Bandit b({});
  b.Observe(Of("w", At(random), 1));
  const std::string good = b.Save();
  for (std::size_t n = 0; n < good.size(); n += 7) EXPECT_FALSE(Bandit::Load(good.substr(0, n), {})) << n;
  EXPECT_FALSE(Bandit::Load(good + "x", {}));
  std::string foreign = good;
  foreign[0] = 'X';
  EXPECT_EQ(Bandit::Load(foreign, {}).error().Name(), "state_malformed");
}

}  // namespace
}  // namespace baton::learn
