#include "base/cancel.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace baton {
namespace {

TEST(Cancel, CallsInOrderOfRegistrationAndOnlyOnce) {
  Cancel cancel;
  std::vector<int> calls;
  auto a = cancel.OnFire([&] { calls.push_back(1); });
  auto b = cancel.OnFire([&] { calls.push_back(2); });
  cancel.Fire(Cancel::Why::kClientGone);
  cancel.Fire(Cancel::Why::kDeadline);
  EXPECT_EQ(calls, (std::vector<int>{1, 2}));
  EXPECT_EQ(cancel.why(), Cancel::Why::kClientGone);
}

TEST(Cancel, CallsAtOnceWhatComesLate) {
  Cancel cancel;
  cancel.Fire(Cancel::Why::kShutdown);
  bool called = false;
  auto r = cancel.OnFire([&] { called = true; });
  EXPECT_TRUE(called);
}

TEST(Cancel, ForgetsADestroyedRegistration) {
  Cancel cancel;
  bool called = false;
  {
    auto r = cancel.OnFire([&] { called = true; });
  }
  cancel.Fire(Cancel::Why::kDeadline);
  EXPECT_FALSE(called);
}

TEST(Cancel, ACallMayUnregisterTheNextOneAndItself) {
  Cancel cancel;
  bool second = false;
  std::optional<Cancel::Registration> a, b;
  a = cancel.OnFire([&] {
    a.reset();
    b.reset();
  });
  b = cancel.OnFire([&] { second = true; });
  cancel.Fire(Cancel::Why::kDeadline);
  EXPECT_FALSE(second);
}

TEST(Cancel, AChildFiresWithItsParentAndNotTheOtherWayRound) {
  Cancel parent;
  Cancel a(&parent), b(&parent);
  a.Fire(Cancel::Why::kLostRace);
  EXPECT_FALSE(parent.fired());
  EXPECT_FALSE(b.fired());
  parent.Fire(Cancel::Why::kClientGone);
  EXPECT_EQ(b.why(), Cancel::Why::kClientGone);
  EXPECT_EQ(a.why(), Cancel::Why::kLostRace);
}

TEST(Cancel, AChildOfAFiredParentIsBornFired) {
  Cancel parent;
  parent.Fire(Cancel::Why::kDeadline);
  Cancel child(&parent);
  EXPECT_EQ(child.why(), Cancel::Why::kDeadline);
}

TEST(Cancel, AMovedRegistrationIsHeldByItsNewOwner) {
  Cancel cancel;
  int calls = 0;
  Cancel::Registration outer;
  {
    auto inner = cancel.OnFire([&] { ++calls; });
    outer = std::move(inner);
  }
  cancel.Fire(Cancel::Why::kDeadline);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace baton
