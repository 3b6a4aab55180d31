#include "base/sim_loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace baton {
namespace {

using std::chrono::seconds;

TEST(SimLoop, FiresTimersByTimeThenByAge) {
  SimLoop loop;
  std::vector<int> order;
  const TimePoint t = loop.Now();
  loop.CallAt(t + seconds(2), [&] { order.push_back(3); });
  loop.CallAt(t + seconds(1), [&] { order.push_back(1); });
  loop.CallAt(t + seconds(1), [&] { order.push_back(2); });
  loop.Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(loop.Now(), t + seconds(2));
}

TEST(SimLoop, ATimerSeesItsOwnTime) {
  SimLoop loop;
  const TimePoint t = loop.Now();
  TimePoint seen;
  loop.CallAt(t + seconds(5), [&] { seen = loop.Now(); });
  loop.Advance(seconds(60));
  EXPECT_EQ(seen, t + seconds(5));
  EXPECT_EQ(loop.Now(), t + seconds(60));
}

TEST(SimLoop, ACancelledTimerNeverRuns) {
  SimLoop loop;
  bool ran = false;
  const auto id = loop.CallAt(loop.Now() + seconds(1), [&] { ran = true; });
  loop.CancelTimer(id);
  loop.CancelTimer(id);
  loop.CancelTimer(987654);
  loop.Run();
  EXPECT_FALSE(ran);
}

TEST(SimLoop, RunStopsAtItsLimit) {
  SimLoop loop;
  bool ran = false;
  loop.CallAt(loop.Now() + seconds(11), [&] { ran = true; });
  loop.Run(seconds(10));
  EXPECT_FALSE(ran);
}

TEST(SimLoop, APostedFunctionMayPostMore) {
  SimLoop loop;
  std::vector<int> order;
  loop.Post([&] {
    order.push_back(1);
    loop.Post([&] { order.push_back(3); });
  });
  loop.Post([&] { order.push_back(2); });
  loop.RunReady();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(SimLoop, TakesPostsFromAnotherThread) {
  SimLoop loop;
  int n = 0;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) loop.Post([&] { ++n; });
  });
  other.join();
  loop.RunReady();
  EXPECT_EQ(n, 1000);
}

}  // namespace
}  // namespace baton
