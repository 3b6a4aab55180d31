#include "net/loop.h"

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/sim_loop.h"
#include "net/lazy_deadline.h"
#include "net/timer_heap.h"

namespace baton::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TimePoint At(int n) {
  return TimePoint(seconds(n));
}

TEST(TimerHeap, AgreesWithAMapUnderRandomUse) {
  Random random(7);
  TimerHeap heap;
  std::map<std::pair<TimePoint, int>, std::uint64_t> model;  // by time, then age
  std::vector<int> popped;
  int age = 0;
  for (int step = 0; step < 20000; ++step) {
    const auto choice = random.Below(10);
    if (choice < 5 || model.empty()) {
      const TimePoint at = At(static_cast<int>(random.Below(50)));
      const int n = ++age;
      model[{at, n}] = heap.Add(at, [&popped, n] { popped.push_back(n); });
    } else if (choice < 8) {
      auto victim = model.begin();
      std::advance(victim, static_cast<std::ptrdiff_t>(random.Below(model.size())));
      ASSERT_TRUE(heap.Remove(victim->second));
      ASSERT_FALSE(heap.Remove(victim->second)) << "a spent id means nothing";
      model.erase(victim);
    } else {
      ASSERT_EQ(heap.NextAt(), model.begin()->first.first);
      heap.Pop()();
      ASSERT_EQ(popped.back(), model.begin()->first.second);
      model.erase(model.begin());
    }
    ASSERT_EQ(heap.size(), model.size());
  }
  EXPECT_FALSE(heap.Remove(0));
  EXPECT_FALSE(heap.Remove(~std::uint64_t{0}));
}

TEST(LazyDeadline, FiresOnceAndNotBeforeItsLastTime) {
  SimLoop loop;
  int fired = 0;
  LazyDeadline deadline(loop, [&] { ++fired; });
  deadline.Set(loop.Now() + seconds(1));
  for (int i = 0; i < 10; ++i) {
    loop.Advance(milliseconds(500));
    deadline.Set(loop.Now() + seconds(1));
  }
  EXPECT_EQ(fired, 0);
  loop.Advance(milliseconds(999));
  EXPECT_EQ(fired, 0);
  loop.Advance(milliseconds(1));
  EXPECT_EQ(fired, 1);
  loop.Advance(seconds(10));
  EXPECT_EQ(fired, 1);
}

TEST(LazyDeadline, MovesEarlierToo) {
  SimLoop loop;
  int fired = 0;
  LazyDeadline deadline(loop, [&] { ++fired; });
  deadline.Set(loop.Now() + seconds(100));
  deadline.Set(loop.Now() + seconds(1));
  loop.Advance(seconds(1));
  EXPECT_EQ(fired, 1);
}

TEST(LazyDeadline, AClearedOneIsSilentAndCanBeSetAgain) {
  SimLoop loop;
  int fired = 0;
  LazyDeadline deadline(loop, [&] { ++fired; });
  deadline.Set(loop.Now() + seconds(1));
  deadline.Clear();
  loop.Advance(seconds(5));
  EXPECT_EQ(fired, 0);
  deadline.Set(loop.Now() + seconds(1));
  loop.Advance(seconds(1));
  EXPECT_EQ(fired, 1);
}

TEST(LazyDeadline, LeavesNoTimerBehind) {
  SimLoop loop;
  int fired = 0;
  {
    LazyDeadline deadline(loop, [&] { ++fired; });
    deadline.Set(loop.Now() + seconds(1));
  }
  loop.Advance(seconds(2));
  EXPECT_EQ(fired, 0);
}

TEST(IoLoop, RunsPostedFunctionsInOrderAlsoThoseThatPost) {
  const auto loop = IoLoop::Create();
  std::vector<int> order;
  loop->Post([&] {
    order.push_back(1);
    loop->Post([&] {
      order.push_back(3);
      loop->Post([&] { loop->Stop(); });
    });
    order.push_back(2);
  });
  loop->Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(IoLoop, TakesPostsFromManyThreadsEachInItsOrder) {
  const auto loop = IoLoop::Create();
  constexpr int kThreads = 4, kEach = 5000;
  std::vector<std::vector<int>> got(kThreads);
  int left = kThreads * kEach;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop->Post([&, t, i] {
          got[static_cast<std::size_t>(t)].push_back(i);
          if (--left == 0) loop->Stop();
        });
      }
    });
  }
  loop->Run();
  for (auto& t : threads) t.join();
  for (const auto& list : got) {
    ASSERT_EQ(list.size(), static_cast<std::size_t>(kEach));
    EXPECT_TRUE(std::is_sorted(list.begin(), list.end()));
  }
}

TEST(IoLoop, AFloodOfPostsDoesNotStarveTimers) {
  const auto loop = IoLoop::Create();
  bool stop = false;
  std::function<void()> again = [&] {
    if (!stop) loop->Post(again);
  };
  loop->Post(again);
  loop->CallAt(loop->Now() + milliseconds(5), [&] {
    stop = true;
    loop->Stop();
  });
  loop->Run();
  EXPECT_TRUE(stop);
}

TEST(IoLoop, FiresTimersInOrderAndNeverEarly) {
  const auto loop = IoLoop::Create();
  std::vector<int> order;
  const TimePoint start = loop->Now();
  bool early = false;
  for (const int ms : {15, 5, 10}) {
    loop->CallAt(start + milliseconds(ms), [&, ms] {
      order.push_back(ms);
      early = early || loop->Now() < start + milliseconds(ms);
      if (order.size() == 3) loop->Stop();
    });
  }
  const auto cancelled = loop->CallAt(start + milliseconds(1), [&] { order.push_back(-1); });
  loop->CancelTimer(cancelled);
  loop->Run();
  EXPECT_EQ(order, (std::vector<int>{5, 10, 15}));
  EXPECT_FALSE(early);
}

TEST(IoLoop, AStopBeforeRunCountsAndTheNextRunRuns) {
  const auto loop = IoLoop::Create();
  loop->Stop();
  loop->Run();
  bool ran = false;
  loop->Post([&] {
    ran = true;
    loop->Stop();
  });
  loop->Run();
  EXPECT_TRUE(ran);
}

TEST(IoLoop, CallsForEverySignal) {
  const auto loop = IoLoop::Create();
  std::vector<int> got;
  loop->OnSignal({SIGUSR1, SIGUSR2}, [&](int signal) {
    got.push_back(signal);
    if (got.size() == 2) return loop->Stop();
    std::raise(SIGUSR2);
  });
  loop->Post([] { std::raise(SIGUSR1); });
  loop->Run();
  EXPECT_EQ(got, (std::vector<int>{SIGUSR1, SIGUSR2}));
}

Task<void> Nap(IoLoop& loop, bool* done) {
  co_await loop.Sleep(milliseconds(1));
  *done = true;
}

TEST(RunBlocking, ReturnsWhenTheTaskHasEnded) {
  bool done = false;
  RunBlocking([&](IoLoop& loop) { return Nap(loop, &done); });
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace baton::net
