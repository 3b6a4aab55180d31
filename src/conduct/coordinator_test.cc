#include "conduct/coordinator.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "conduct/file.h"

namespace baton::conduct {
namespace {

Coordinator Small() {
  Coordinator c;
  c.base = {"tiny", "", 4, 1000, 100};
  c.workers = {"a", "b"};
  c.head.assign(c.parameters(), 0);
  c.head[4] = 1;   // row b looks at the first number
  c.head[8] = 1;   // worker too
  c.head[13] = 1;  // thinker at the second
  return c;
}

TEST(Coordinator, TheEmbeddedModelsHeadsStayBelowTwentyThousandNumbers) {
  Coordinator c;
  c.workers.assign(6, "w");
  for (const int width : {576, 640}) {
    c.base.width = width;
    c.head.assign(c.parameters(), 0);
    EXPECT_EQ(c.parameters(), static_cast<std::size_t>(9 * width));
    EXPECT_TRUE(CheckShape(c));
    EXPECT_LT(c.parameters(), kMostParameters);
  }
  c.base.width = 4096;
  c.head.assign(c.parameters(), 0);
  EXPECT_EQ(CheckShape(c).error().reason, "bad_coordinator");
}

TEST(Coordinator, TakesTheLargestLogitAndDrawsByTheirSoftmax) {
  const Coordinator c = Small();
  const std::vector<float> one = {1, 0, 0, 0}, two = {0, 1, 0, 0};
  EXPECT_EQ(Choose(c, one, {}, nullptr).worker, 1U);
  EXPECT_EQ(kRoleOrder[Choose(c, one, {}, nullptr).role], workflow::Role::kWorker);
  EXPECT_EQ(kRoleOrder[Choose(c, two, {}, nullptr).role], workflow::Role::kThinker);
  Random random(1);
  int b = 0;
  for (int i = 0; i < 2000; ++i) b += Choose(c, one, {}, &random).worker == 1;
  // sqrt(4) = 2 is the logit: e^2 / (1 + e^2).
  EXPECT_NEAR(b / 2000.0, 0.881, 0.03);
}

TEST(Coordinator, WhatIsNotOpenIsNeverChosen) {
  const Coordinator c = Small();
  const std::vector<float> one = {1, 0, 0, 0};
  Random random(1);
  for (int i = 0; i < 500; ++i) {
    const Choice choice = Choose(c, one, {{true, false}, false, false}, &random);
    EXPECT_EQ(choice.worker, 0U);
    EXPECT_EQ(choice.role, 0U);
    EXPECT_NEAR(choice.propensity, 1, 1e-12);
  }
  Coordinator plain = c;
  plain.roles = false;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Choose(plain, one, {{}, true, true}, &random).role, 0U);
}

TEST(CoordinatorFile, ReadsBackToTheSameBits) {
  const std::string path = testing::TempDir() + "/coordinator.json";
  Coordinator c = Small();
  c.head[3] = 0.1f;
  c.head[5] = 1e-30f;
  c.origin = "a test";
  ASSERT_TRUE(Save(c, path));
  auto back = Load(path);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->head, c.head);
  EXPECT_EQ(back->workers, c.workers);
  EXPECT_EQ(back->base, c.base);
  EXPECT_EQ(back->origin, c.origin);
}

TEST(CoordinatorFile, CutShortChangedOrForeignItIsRefused) {
  const std::string path = testing::TempDir() + "/bad_coordinator.json";
  ASSERT_TRUE(Save(Small(), path));
  const std::string whole = *ReadWhole(path);
  const auto refused = [&](const std::string& content) {
    EXPECT_TRUE(WriteWhole(path, content));
    auto r = Load(path);
    return !r && r.error().reason == "bad_coordinator";
  };
  for (std::size_t n = 0; n < whole.size() - 2; n += 7) EXPECT_TRUE(refused(whole.substr(0, n))) << n;
  std::string changed = whole;
  changed.replace(changed.find("\"turns\":5"), 9, "\"turns\":4");
  EXPECT_TRUE(refused(changed));
  std::string version = whole;
  version.replace(version.find("\"version\":2"), 11, "\"version\":9");
  EXPECT_TRUE(refused(version));
  EXPECT_TRUE(refused("[]"));
  EXPECT_EQ(Load("/no/such/file").error().code, Code::kNotFound);
  Coordinator nan = Small();
  nan.head[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(Save(nan, path));
}

TEST(CoordinatorFile, AnotherPoolOrAnotherBaseIsRefusedWithBothNamed) {
  const Coordinator c = Small();
  EXPECT_TRUE(Fits(c, {"b", "a", "z"}, c.base));
  const Status pool = Fits(c, {"a"}, c.base);
  EXPECT_EQ(pool.error().reason, "coordinator_pool");
  EXPECT_NE(pool.error().message.find("b"), std::string::npos);
  BaseModel other = c.base;
  other.name = "other";
  other.width = 8;
  const Status base = Fits(c, {"a", "b"}, other);
  EXPECT_EQ(base.error().reason, "coordinator_base");
  EXPECT_NE(base.error().message.find("other"), std::string::npos);
}

}  // namespace
}  // namespace baton::conduct
