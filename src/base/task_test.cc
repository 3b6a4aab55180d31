#include "base/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/sim_loop.h"

namespace baton {
namespace {

Task<int> Value(int v) {
  co_return v;
}
Task<int> Sum(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await Value(1);
  co_return sum;
}
Task<void> Store(Task<int> task, int* to) {
  *to = co_await task;
}

// Counts how many of them are alive.
struct Alive {
  explicit Alive(int* n) : count(n) { ++*count; }
  Alive(Alive&& o) noexcept : count(o.count) { ++*count; }
  ~Alive() { --*count; }
  int* count;
};
Task<void> Holds(Alive held) {
  (void)held;
  co_return;
}

TEST(Task, DoesNothingUntilAwaited) {
  int got = 0;
  { Task<void> never = Store(Value(7), &got); }
  EXPECT_EQ(got, 0);
}

TEST(Task, GivesTheValueOfAChild) {
  int got = 0;
  Spawn(Store(Value(7), &got));
  EXPECT_EQ(got, 7);
}

TEST(Task, AMillionReadyChildrenDoNotGrowTheStack) {
  int got = 0;
  Spawn(Store(Sum(1'000'000), &got));
  EXPECT_EQ(got, 1'000'000);
}

Task<std::unique_ptr<std::string>> MoveOnly() {
  co_return std::make_unique<std::string>("x");
}
Task<void> StoreSize(std::size_t* to) {
  const auto text = co_await MoveOnly();
  *to = text->size();
}

TEST(Task, CarriesMoveOnlyValues) {
  std::size_t size = 0;
  Spawn(StoreSize(&size));
  EXPECT_EQ(size, 1u);
}

TEST(Task, FreesItsParametersAtTheEndAndWhenDroppedUnrun) {
  int alive = 0;
  Spawn(Holds(Alive(&alive)));
  EXPECT_EQ(alive, 0);
  {
    Task<void> unrun = Holds(Alive(&alive));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

Task<void> Relay(SimLoop* loop, int depth, std::vector<int>* order) {
  if (depth > 0) {
    Task<void> deeper = Relay(loop, depth - 1, order);
    co_await deeper;
  } else {
    co_await loop->Sleep(std::chrono::seconds(1));
  }
  order->push_back(depth);
}

TEST(Task, ResumesAChainOfParentsFromTheInsideOut) {
  SimLoop loop;
  std::vector<int> order;
  Spawn(Relay(&loop, 3, &order));
  EXPECT_TRUE(order.empty());
  loop.Run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(Task, MoveAssignmentFreesTheOldFrame) {
  int alive = 0;
  Task<void> a = Holds(Alive(&alive));
  a = Holds(Alive(&alive));
  EXPECT_EQ(alive, 1);
}

}  // namespace
}  // namespace baton
