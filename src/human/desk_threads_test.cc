// The desk with its own thread, on real loops: answers from one loop reach waiters on others, and nothing is
// lost when everything happens at once.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include "base/mutex.h"
#include "base/sim_loop.h"
#include "human/desk.h"

namespace baton::human {
namespace {

// A loop on a thread of its own with the real clock: SimLoop's queue, woken by polling it.
class ThreadLoop : public Loop {
 public:
  ThreadLoop() : thread_([this] { Run(); }) {}
  ~ThreadLoop() override {
    {
      MutexLock lock(m_);
      stop_ = true;
      wake_.NotifyOne();
    }
    thread_.join();
  }
  void Post(Fn fn) override {
    MutexLock lock(m_);
    ready_.push_back(std::move(fn));
    wake_.NotifyOne();
  }
  TimePoint Now() const override { return SystemClock().Now(); }
  const Clock& clock() const override { return SystemClock(); }
  // No test here waits for a timer.
  TimerId CallAt(TimePoint, Fn) override { return 1; }
  void CancelTimer(TimerId) override {}

 private:
  void Run() {
    for (;;) {
      std::deque<Fn> batch;
      {
        MutexLock lock(m_);
        while (ready_.empty() && !stop_) wake_.Wait(lock);
        if (ready_.empty()) return;
        batch.swap(ready_);
      }
      for (Fn& fn : batch) fn();
    }
  }
  Mutex m_;
  CondVar wake_;
  std::deque<Fn> ready_;
  bool stop_ = false;
  std::thread thread_;
};

struct Tally {
  Mutex m;
  CondVar changed;
  int done = 0, wrong = 0;
  void Add(bool right) {
    MutexLock lock(m);
    ++done;
    wrong += !right;
    changed.NotifyAll();
  }
  void WaitFor(int count) {
    MutexLock lock(m);
    while (done < count) changed.Wait(lock);
  }
};

Task<void> AskOne(Desk* desk, Loop* loop, int number, Tally* tally) {
  Case work;
  work.reason = std::to_string(number);
  work.transcript = "[]";
  auto end = co_await desk->Ask(*loop, std::move(work), Deadline(), nullptr);
  tally->Add(end && end->kind == Resolution::Kind::kAnswered &&
             end->text == "answer " + std::to_string(number));
}

Task<void> AnswerAll(Desk* desk, Loop* loop, int count, Tally* tally) {
  std::set<std::string> answered;
  while (static_cast<int>(answered.size()) < count) {
    auto open = co_await desk->List(*loop, {std::nullopt, false, 0, 1000});
    if (!open) break;
    for (const Case& c : *open) {
      std::string text = "answer " + c.reason;
      auto done = co_await desk->Answer(*loop, c.id, "ann", std::move(text));
      if (done) answered.insert(c.id);
    }
  }
  tally->Add(static_cast<int>(answered.size()) == count);
}

TEST(DeskThreads, EveryWaiterOnEveryLoopGetsItsOwnAnswer) {
  constexpr int kPerLoop = 40;
  DeskOptions options;
  options.path = ":memory:";
  Metrics metrics;
  auto desk = Desk::Open(options, SystemClock(), &metrics, Log::Null());
  ASSERT_TRUE(desk);
  Tally asked, answered;
  ThreadLoop one, two, three;
  for (int i = 0; i < kPerLoop; ++i) {
    one.Post([&, i] { Spawn(AskOne(desk->get(), &one, i, &asked)); });
    two.Post([&, i] { Spawn(AskOne(desk->get(), &two, 1000 + i, &asked)); });
  }
  three.Post([&] { Spawn(AnswerAll(desk->get(), &three, 2 * kPerLoop, &answered)); });
  asked.WaitFor(2 * kPerLoop);
  answered.WaitFor(1);
  EXPECT_EQ(asked.wrong, 0);
  EXPECT_EQ(answered.wrong, 0);
  EXPECT_NE(metrics.Text().find("baton_human_waiting 0"), std::string::npos);
  (*desk)->Stop();
}

TEST(DeskThreads, StoppingLetsEveryoneGo) {
  DeskOptions options;
  options.path = ":memory:";
  auto desk = Desk::Open(options, SystemClock(), nullptr, Log::Null());
  ASSERT_TRUE(desk);
  Tally asked;
  ThreadLoop loop;
  for (int i = 0; i < 20; ++i) loop.Post([&, i] { Spawn(AskOne(desk->get(), &loop, i, &asked)); });
  loop.Post([&] { (*desk)->LetGo(); });
  asked.WaitFor(20);
  EXPECT_EQ(asked.wrong, 20) << "none was answered, all came back";
  (*desk)->Stop();
}

// The thread sweeps by itself: a case that expires in no time ends without anybody asking.
TEST(DeskThreads, ExpiryNeedsNobodyToAsk) {
  DeskOptions options;
  options.path = ":memory:";
  options.rules.expire = std::chrono::milliseconds(1);
  auto desk = Desk::Open(options, SystemClock(), nullptr, Log::Null());
  ASSERT_TRUE(desk);
  Tally asked;
  ThreadLoop loop;
  loop.Post([&] { Spawn(AskOne(desk->get(), &loop, 1, &asked)); });
  asked.WaitFor(1);
  (*desk)->Stop();
}

}  // namespace
}  // namespace baton::human
