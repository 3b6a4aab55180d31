#include "budget/lease.h"

#include <gtest/gtest.h>

#include <deque>
#include <limits>

#include "base/random.h"

namespace baton::budget {
namespace {

Ceiling Money(std::int64_t usd) {
  Ceiling c;
  c.usd = Nanos{usd};
  return c;
}

TEST(Lease, ReservesUpToTheCeilingAndNotANanoMore) {
  Lease lease(Money(100));
  auto first = lease.Reserve({60}, 0);
  ASSERT_TRUE(first);
  EXPECT_EQ(lease.usd_left()->v, 40);
  auto more = lease.Reserve({41}, 0);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Code::kOverBudget);
  EXPECT_EQ(more.error().reason, "request_cost_ceiling");
  EXPECT_EQ(lease.outstanding(), 1);
  auto exact = lease.Reserve({40}, 0);
  EXPECT_TRUE(exact);
  EXPECT_EQ(lease.usd_left()->v, 0);
}

TEST(Lease, SettlingGivesBackWhatWasNotUsed) {
  Lease lease(Money(100));
  {
    auto hold = lease.Reserve({80}, 10);
    ASSERT_TRUE(hold);
    hold->Settle({30}, 4);
  }
  EXPECT_EQ(lease.spent().v, 30);
  EXPECT_EQ(lease.tokens_spent(), 4);
  EXPECT_EQ(lease.usd_left()->v, 70);
  EXPECT_FALSE(lease.overrun());
}

TEST(Lease, AnUnsettledHoldCostsNothing) {
  Lease lease(Money(100));
  { auto hold = lease.Reserve({80}, 10); }
  EXPECT_EQ(lease.spent().v, 0);
  EXPECT_EQ(lease.outstanding(), 0);
  EXPECT_EQ(lease.usd_left()->v, 100);
}

TEST(Lease, MovingAHoldKeepsOneOwner) {
  Lease lease(Money(100));
  auto made = lease.Reserve({80}, 10);
  ASSERT_TRUE(made);
  {
    Lease::Hold moved = std::move(*made);
    EXPECT_EQ(lease.outstanding(), 1);
  }
  EXPECT_EQ(lease.outstanding(), 0);
}

TEST(Lease, TokensHaveTheirOwnCeiling) {
  Ceiling c;
  c.tokens = 1000;
  Lease lease(c);
  auto fits = lease.Reserve({0}, 1000);
  EXPECT_TRUE(fits);
  auto over = lease.Reserve({0}, 1);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().reason, "request_token_ceiling");
  EXPECT_FALSE(lease.usd_left());
}

TEST(Lease, AChargeAboveTheWorstCaseIsRecordedInFullAndFlagged) {
  Lease lease(Money(100));
  auto hold = lease.Reserve({10}, 10);
  ASSERT_TRUE(hold);
  hold->Settle({250}, 10);
  EXPECT_EQ(lease.spent().v, 250);
  EXPECT_TRUE(lease.overrun());
  EXPECT_EQ(lease.usd_left()->v, 0);
  EXPECT_FALSE(lease.Reserve({1}, 0));
}

TEST(Lease, WithoutCeilingAbsurdReservationsNeitherFailNorOverflow) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  Lease lease{Ceiling{}};
  auto a = lease.Reserve({kMost}, kMost);
  auto b = lease.Reserve({kMost}, kMost);
  ASSERT_TRUE(a && b);
  a->Settle({kMost}, kMost);
  b->Settle({kMost}, kMost);
  EXPECT_EQ(lease.spent().v, kMost);
}

TEST(LeaseDeathTest, SettlingTwiceEndsTheProcess) {
  EXPECT_DEATH(
      {
        Lease lease(Money(100));
        auto hold = lease.Reserve({10}, 0);
        hold->Settle({1}, 0);
        hold->Settle({1}, 0);
      },
      "settled twice");
}

TEST(LeaseDeathTest, ALeaseThatEndsWithAHoldOutstandingEndsTheProcess) {
  EXPECT_DEATH(
      {
        std::optional<Result<Lease::Hold>> hold;
        Lease lease(Money(100));
        hold.emplace(lease.Reserve({10}, 0));
        lease.~Lease();
      },
      "hold outstanding");
}

// Against a list of entries that is summed anew at every step.
TEST(Lease, AgreesWithAListOfEntriesSummedUp) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    const std::int64_t ceiling = static_cast<std::int64_t>(random.Below(10'000));
    Lease lease(Money(ceiling));
    struct Entry {
      Lease::Hold hold;
      std::int64_t held;
    };
    std::deque<Entry> open;
    std::int64_t settled = 0;
    for (int step = 0; step < 60; ++step) {
      if (random.Below(2) || open.empty()) {
        const auto want = static_cast<std::int64_t>(random.Below(3000));
        std::int64_t held = 0;
        for (const auto& e : open) held += e.held;
        auto got = lease.Reserve({want}, 1);
        ASSERT_EQ(got.has_value(), settled + held + want <= ceiling);
        if (got) open.push_back({std::move(*got), want});
      } else {
        Entry e = std::move(open.front());
        open.pop_front();
        const auto used = static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(e.held) + 1));
        e.hold.Settle({used}, 1);
        settled += used;
      }
      ASSERT_EQ(lease.spent().v, settled);
      ASSERT_LE(settled, ceiling);
      ASSERT_EQ(lease.outstanding(), static_cast<int>(open.size()));
    }
    open.clear();
  }
}

}  // namespace
}  // namespace baton::budget
