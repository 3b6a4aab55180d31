#include "evaluate/quick_router.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace baton::evaluate {
namespace {

estimate::Table Kinds(std::size_t rows) {
  estimate::Table t;
  t.rows = rows, t.features = 3, t.workers = 2;
  Random random(1);
  for (std::size_t r = 0; r < rows; ++r) {
    const bool kind = random.Unit() < 0.5;
    t.x.insert(t.x.end(), {kind ? 1.0F : 0.0F, kind ? 0.0F : 1.0F, static_cast<float>(random.Unit())});
    t.quality.insert(t.quality.end(), {kind ? 1.0F : 0.0F, random.Unit() < 0.5 ? 1.0F : 0.0F});
  }
  return t;
}

TEST(QuickRouter, TellsKindsOfQuestionsApart) {
  const auto t = Kinds(300);
  const auto router = QuickRouter::Fit(t, 1);
  ASSERT_TRUE(router);
  std::vector<float> a(2), b(2);
  router->Predict(std::vector<float>{1, 0, 0.5}, a);
  router->Predict(std::vector<float>{0, 1, 0.5}, b);
  EXPECT_GT(a[0], 0.8F);
  EXPECT_LT(b[0], 0.2F);
  EXPECT_NEAR(a[1], 0.5, 0.2);
}

TEST(QuickRouter, ARowsOwnScoreHasNoPartInItsPrior) {
  auto t = Kinds(200);
  const auto before = UnseenPrior(t, 5);
  ASSERT_TRUE(before);
  t.quality[2 * 17 + 1] = 1 - t.quality[2 * 17 + 1];
  const auto after = UnseenPrior(t, 5);
  ASSERT_TRUE(after);
  EXPECT_EQ((*before)[2 * 17 + 1], (*after)[2 * 17 + 1]);
  EXPECT_NE(*before, *after) << "it has one in others'";
}

TEST(QuickRouter, NothingToLearnFromIsAnError) {
  EXPECT_FALSE(QuickRouter::Fit({}, 1));
}

}  // namespace
}  // namespace baton::evaluate
