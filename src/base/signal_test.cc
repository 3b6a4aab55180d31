#include "base/signal.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/sim_loop.h"

namespace baton {
namespace {

using std::chrono::seconds;

Task<void> WaitFor(Signal* signal, Cancel* cancel, Deadline deadline, std::vector<bool>* got) {
  got->push_back(co_await signal->Wait(cancel, deadline));
}

TEST(Signal, WakesItsWaiterButNotOnTheCallersStack) {
  SimLoop loop;
  Signal signal(loop);
  std::vector<bool> got;
  Spawn(WaitFor(&signal, nullptr, {}, &got));
  signal.Set();
  EXPECT_TRUE(got.empty());
  loop.RunReady();
  EXPECT_EQ(got, std::vector<bool>{true});
}

TEST(Signal, RemembersASetThatCameFirst) {
  SimLoop loop;
  Signal signal(loop);
  std::vector<bool> got;
  signal.Set();
  signal.Set();
  Spawn(WaitFor(&signal, nullptr, {}, &got));
  EXPECT_EQ(got, std::vector<bool>{true});
  // Both sets counted as one: a second wait waits.
  Spawn(WaitFor(&signal, nullptr, Deadline(loop.Now() + seconds(1)), &got));
  loop.Run();
  EXPECT_EQ(got, (std::vector<bool>{true, false}));
}

TEST(Signal, GivesUpAtTheDeadline) {
  SimLoop loop;
  Signal signal(loop);
  std::vector<bool> got;
  Spawn(WaitFor(&signal, nullptr, Deadline(loop.Now() + seconds(5)), &got));
  loop.Advance(seconds(4));
  EXPECT_TRUE(got.empty());
  loop.Advance(seconds(1));
  EXPECT_EQ(got, std::vector<bool>{false});
}

TEST(Signal, GivesUpWhenCancelledAndUnregisters) {
  SimLoop loop;
  Signal signal(loop);
  Cancel cancel;
  std::vector<bool> got;
  Spawn(WaitFor(&signal, &cancel, {}, &got));
  cancel.Fire(Cancel::Why::kClientGone);
  loop.RunReady();
  EXPECT_EQ(got, std::vector<bool>{false});
}

TEST(Signal, ASetTogetherWithTheDeadlineCountsAsSet) {
  SimLoop loop;
  Signal signal(loop);
  std::vector<bool> got;
  loop.CallAt(loop.Now() + seconds(1), [&] { signal.Set(); });
  Spawn(WaitFor(&signal, nullptr, Deadline(loop.Now() + seconds(1)), &got));
  loop.Run();
  EXPECT_EQ(got, std::vector<bool>{true});
}

TEST(Signal, MayBeGoneWhenItsWakeUpRuns) {
  SimLoop loop;
  auto signal = std::make_unique<Signal>(loop);
  std::vector<bool> got;
  Spawn(WaitFor(signal.get(), nullptr, {}, &got));
  signal->Set();
  signal.reset();
  loop.RunReady();
  EXPECT_EQ(got, std::vector<bool>{true});
}

Task<void> SleepThenPush(SimLoop* loop, Duration d, Cancel* cancel, std::vector<bool>* got) {
  got->push_back(co_await loop->Sleep(d, cancel));
}

TEST(Loop, SleepsTheWholeTimeUnlessCancelled) {
  SimLoop loop;
  Cancel cancel;
  std::vector<bool> whole, cut;
  Spawn(SleepThenPush(&loop, seconds(3), nullptr, &whole));
  Spawn(SleepThenPush(&loop, seconds(3), &cancel, &cut));
  loop.Advance(seconds(2));
  EXPECT_TRUE(whole.empty());
  cancel.Fire(Cancel::Why::kShutdown);
  loop.RunReady();
  EXPECT_EQ(cut, std::vector<bool>{false});
  loop.Advance(seconds(1));
  EXPECT_EQ(whole, std::vector<bool>{true});
}

Task<void> Nap(SimLoop* loop, int n, int* done) {
  co_await loop->Sleep(seconds(n));
  ++*done;
}
Task<void> JoinThenTell(TaskGroup* group, bool* joined) {
  co_await group->Join();
  *joined = true;
}

TEST(TaskGroup, JoinWaitsForTheLastTask) {
  SimLoop loop;
  TaskGroup group(loop);
  int done = 0;
  bool joined = false;
  for (int i = 1; i <= 3; ++i) group.Spawn(Nap(&loop, i, &done));
  EXPECT_EQ(group.running(), 3);
  Spawn(JoinThenTell(&group, &joined));
  loop.Advance(seconds(2));
  EXPECT_EQ(done, 2);
  EXPECT_FALSE(joined);
  loop.Advance(seconds(1));
  EXPECT_EQ(done, 3);
  EXPECT_TRUE(joined);
}

TEST(TaskGroup, JoinOfAnEmptyGroupDoesNotWait) {
  SimLoop loop;
  TaskGroup group(loop);
  bool joined = false;
  Spawn(JoinThenTell(&group, &joined));
  EXPECT_TRUE(joined);
}

}  // namespace
}  // namespace baton
