#include "learn/daily_cap.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/random.h"

namespace baton::learn {
namespace {

constexpr std::int64_t kDay = 24LL * 3600 * 1'000'000'000;

void Keep(DailyCap& cap, std::int64_t now, DailyCap::Grant* written) {
  if (auto due = cap.Due(now)) {
    *written = *due;
    cap.Apply(*due);
  }
}

TEST(DailyCap, NothingCanBeSpentThatWasNotWrittenDown) {
  DailyCap cap({1000}, {});
  EXPECT_FALSE(cap.Take({1}));
  const auto due = cap.Due(5 * kDay);
  ASSERT_TRUE(due);
  EXPECT_FALSE(cap.Take({1}));
  cap.Apply(*due);
  EXPECT_TRUE(cap.Take({1}));
}

// Spends, gives back, crosses days, crashes at any moment: what is spent of a day never exceeds its cap.
TEST(DailyCap, NoDayIsOverspentHoweverOftenItCrashes) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    DailyCap::Grant written;
    auto cap = std::make_unique<DailyCap>(budget::Nanos{10'000}, written);
    std::map<std::int64_t, std::int64_t> spent;
    std::vector<std::pair<std::int64_t, std::int64_t>> held;  // amount, day
    std::int64_t now = 100 * kDay;
    for (int step = 0; step < 2000; ++step) {
      switch (random.Below(12)) {
        case 0:
          now += static_cast<std::int64_t>(random.Below(kDay / 50));
          break;
        case 1:
        case 2:
          Keep(*cap, now, &written);
          break;
        case 3:
          if (random.Below(10) == 0) {
            // Written down, then dead before it was applied.
            if (auto due = cap->Due(now)) written = *due;
            cap = std::make_unique<DailyCap>(budget::Nanos{10'000}, written);
            held.clear();
          }
          break;
        case 4:
          if (!held.empty()) {
            cap->GiveBack({held.back().first}, held.back().second);
            if (held.back().second == written.day) spent[held.back().second] -= held.back().first;
            held.pop_back();
          }
          break;
        default: {
          const auto amount = static_cast<std::int64_t>(random.Below(300));
          if (auto day = cap->Take({amount})) {
            spent[*day] += amount;
            held.emplace_back(amount, *day);
          }
        }
      }
      for (const auto& [day, amount] : spent)
        ASSERT_LE(amount, 10'000) << "seed " << seed << " step " << step;
    }
    EXPECT_FALSE(spent.empty());
  }
}

TEST(DailyCap, ANewDayIsANewPurse) {
  DailyCap cap({1000}, {});
  DailyCap::Grant written;
  std::int64_t first = 0, second = 0;
  for (int i = 0; i < 1000; ++i) {
    Keep(cap, 10 * kDay, &written);
    if (cap.Take({7})) first += 7;
  }
  for (int i = 0; i < 1000; ++i) {
    Keep(cap, 11 * kDay, &written);
    if (cap.Take({7})) second += 7;
  }
  EXPECT_GT(first, 980);
  EXPECT_LE(first, 1000);
  EXPECT_GT(second, 980);
  // A clock that steps back does not open yesterday again.
  Keep(cap, 10 * kDay, &written);
  EXPECT_FALSE(cap.Take({100}));
}

TEST(DailyCap, LoopsThatTakeAtOnceShareOnePurse) {
  DailyCap cap({1'000'000}, {});
  DailyCap::Grant written;
  std::atomic<std::int64_t> taken = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> loops;
  for (int i = 0; i < 4; ++i) {
    loops.emplace_back([&] {
      while (!stop) {
        if (auto day = cap.Take({13})) taken += 13;
        std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < 200; ++i) Keep(cap, 3 * kDay, &written), std::this_thread::yield();
  stop = true;
  for (auto& t : loops) t.join();
  EXPECT_LE(taken.load(), 1'000'000);
  EXPECT_GT(taken.load(), 0);
}

}  // namespace
}  // namespace baton::learn
