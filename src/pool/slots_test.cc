#include "pool/slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/sim_loop.h"

namespace baton::pool {
namespace {

using std::chrono::seconds;

struct Asked {
  std::optional<Slots::Slot> slot;
  std::optional<Error> error;
};

Task<void> Take(Slots* slots, Loop* loop, Deadline deadline, Cancel* cancel, Asked* out) {
  Result<Slots::Slot> got = co_await slots->Take(*loop, deadline, cancel);
  if (got) {
    out->slot.emplace(std::move(*got));
  } else {
    out->error = got.error();
  }
}

class Queue : public ::testing::Test {
 protected:
  void Ask(Asked& a, Deadline d = {}, Cancel* c = nullptr) { Spawn(Take(&slots, &loop, d, c, &a)); }
  SimLoop loop;
  Slots slots{1, 2};
};

TEST_F(Queue, GivesFreeSlotsAtOnceAndThenFirstComeFirstServed) {
  Asked a, b, c, d;
  Ask(a);
  ASSERT_TRUE(a.slot);
  EXPECT_FALSE(slots.TryTake());
  Ask(b);
  Ask(c);
  EXPECT_TRUE(slots.Full());
  Ask(d);
  EXPECT_EQ(d.error->reason, "worker_queue_full");
  a.slot.reset();
  EXPECT_FALSE(slots.TryTake()) << "a newcomer must not overtake the queue";
  loop.RunReady();
  EXPECT_TRUE(b.slot);
  EXPECT_FALSE(c.slot);
  b.slot.reset();
  loop.RunReady();
  EXPECT_TRUE(c.slot);
  c.slot.reset();
  EXPECT_EQ(slots.load().running, 0);
}

TEST_F(Queue, TheDeadlineAndTheCancelEachEndTheWait) {
  Asked a, b, c;
  Cancel cancel;
  Ask(a);
  Ask(b, Deadline(loop.Now() + seconds(1)));
  Ask(c, {}, &cancel);
  loop.Advance(seconds(1));
  EXPECT_EQ(b.error->reason, "queue_timeout");
  EXPECT_EQ(b.error->code, Code::kDeadline);
  cancel.Fire(Cancel::Why::kClientGone);
  loop.RunReady();
  EXPECT_EQ(c.error->code, Code::kCancelled);
  EXPECT_EQ(slots.load().waiting, 0);
  a.slot.reset();
  EXPECT_EQ(slots.load().running, 0);
}

TEST_F(Queue, ASlotGrantedInTheMomentOfLeavingIsNotLost) {
  Asked a, b;
  Cancel cancel;
  Ask(a);
  Ask(b, {}, &cancel);
  cancel.Fire(Cancel::Why::kClientGone);  // b's wake-up is posted, it has not run yet
  a.slot.reset();                         // and now the slot is its own
  loop.RunReady();
  EXPECT_TRUE(b.slot);
  b.slot.reset();
  EXPECT_EQ(slots.load().running, 0);
  EXPECT_TRUE(slots.TryTake());
}

TEST_F(Queue, ZeroOrLessRunningIsTakenAsOne) {
  Slots odd(0, -3);
  auto slot = odd.TryTake();
  EXPECT_TRUE(slot);
  EXPECT_TRUE(odd.Full());
}

// Each thread drives its own loop, as in the server; slots travel between them.
struct Worker {
  SimLoop loop;
  std::vector<std::unique_ptr<Asked>> open;
  std::vector<std::unique_ptr<Cancel>> cancels;
};

TEST(QueueThreads, SlotsTravelBetweenLoopsAndNoneIsLost) {
  Slots slots(3, 8);
  std::atomic<int> served{0};
  std::atomic<bool> too_many{false};
  const auto work = [&](std::uint64_t seed) {
    Random random(seed);
    Worker w;
    for (int i = 0; i < 3000; ++i) {
      w.open.push_back(std::make_unique<Asked>());
      w.cancels.push_back(std::make_unique<Cancel>());
      Spawn(Take(&slots, &w.loop, Deadline(w.loop.Now() + std::chrono::microseconds(random.Below(50))),
                 w.cancels.back().get(), w.open.back().get()));
      if (random.Below(4) == 0) w.cancels.back()->Fire(Cancel::Why::kClientGone);
      w.loop.Advance(std::chrono::microseconds(10));
      served += static_cast<int>(
          std::count_if(w.open.begin(), w.open.end(), [](const auto& a) { return a->slot.has_value(); }));
      if (slots.load().running > 3) too_many = true;
      // Most give their slot back at once, some keep it into the next rounds.
      const bool all = random.Below(2) || w.open.size() > 6;
      std::erase_if(w.open, [all](const auto& a) { return a->error || (a->slot && all); });
    }
    w.loop.Run();
    for (auto& a : w.open) a->slot.reset();
    w.loop.Run();
  };
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) threads.emplace_back(work, t + 1);
  for (auto& t : threads) t.join();
  EXPECT_EQ(slots.load().running, 0);
  EXPECT_EQ(slots.load().waiting, 0);
  EXPECT_FALSE(too_many);
  EXPECT_GT(served.load(), 1000);
}

}  // namespace
}  // namespace baton::pool
