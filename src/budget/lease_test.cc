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

TEST(Lease, AClaimAboveTheWorstCaseIsPaidWhileTheCeilingHasRoomAndFlagged) {
  Lease lease(Money(100));
  auto hold = lease.Reserve({10}, 10);
  ASSERT_TRUE(hold);
  EXPECT_EQ(hold->Settle({60}, 10).v, 60);
  EXPECT_EQ(lease.spent().v, 60);
  EXPECT_TRUE(lease.overrun());
  EXPECT_EQ(lease.disputed().v, 0);
}

TEST(Lease, AClaimAboveTheCeilingIsDisputedNotPaid) {
  Lease lease(Money(100));
  auto other = lease.Reserve({30}, 0);
  auto hold = lease.Reserve({10}, 10);
  ASSERT_TRUE(hold && other);
  EXPECT_EQ(hold->Settle({250}, 10).v, 70) << "what others have reserved is not touched";
  EXPECT_EQ(lease.spent().v, 70);
  EXPECT_EQ(lease.disputed().v, 180);
  EXPECT_EQ(lease.usd_left()->v, 0);
  EXPECT_FALSE(lease.Reserve({1}, 0));
  EXPECT_EQ(other->Settle({30}, 0).v, 30);
}

TEST(Lease, APartHasItsMoneyWhateverRunsBesideIt) {
  Lease lease(Money(100));
  auto part = Lease::Carve(lease, {60}, 0, {});
  ASSERT_TRUE(part);
  EXPECT_FALSE(lease.Reserve({41}, 0));
  auto hold = (*part)->Reserve({60}, 0);
  ASSERT_TRUE(hold);
  hold->Settle({25}, 0);
  part->reset();
  EXPECT_EQ(lease.spent().v, 25);
  EXPECT_EQ(lease.usd_left()->v, 75);
  EXPECT_EQ(lease.outstanding(), 0);
}

TEST(Lease, APartGrowsWhileItsParentHasRoomAndStopsAtItsCap) {
  Lease lease(Money(100));
  auto part = Lease::Carve(lease, {20}, 0, {}, Nanos{50});
  ASSERT_TRUE(part);
  EXPECT_EQ((*part)->usd_left()->v, 50);
  {
    auto grown = (*part)->Reserve({50}, 0);
    ASSERT_TRUE(grown);
    EXPECT_EQ(lease.usd_left()->v, 50);
    EXPECT_FALSE((*part)->Reserve({1}, 0));
    grown->Settle({30}, 0);
  }
  EXPECT_FALSE(Lease::Carve(lease, {51}, 0, {})) << "the part keeps what it grew by";
  part->reset();
  EXPECT_EQ(lease.spent().v, 30);
  EXPECT_EQ(lease.usd_left()->v, 70);
}

TEST(Lease, WhatAPartDisputesItsParentKnows) {
  Lease lease(Money(100));
  auto part = Lease::Carve(lease, {20}, 0, {});
  ASSERT_TRUE(part);
  {
    auto hold = (*part)->Reserve({20}, 0);
    ASSERT_TRUE(hold);
    EXPECT_EQ(hold->Settle({500}, 0).v, 100);
  }
  part->reset();
  EXPECT_EQ(lease.spent().v, 100);
  EXPECT_EQ(lease.disputed().v, 400);
}

TEST(Lease, APartOfALeaseWithoutCeilingHasNoneButItsCap) {
  Lease lease{Ceiling{}};
  auto open = Lease::Carve(lease, {20}, 5, {});
  auto capped = Lease::Carve(lease, {20}, 5, {}, Nanos{30});
  ASSERT_TRUE(open && capped);
  {
    auto hold = (*open)->Reserve({1'000'000}, 1'000'000);
    EXPECT_TRUE(hold);
  }
  EXPECT_FALSE((*capped)->Reserve({31}, 0));
  EXPECT_FALSE(Lease::Carve(lease, {20}, 5, {}, Nanos{19}));
}

// Random trees of parts: whatever is claimed, the top never pays more than its ceiling.
TEST(Lease, NoTreeOfPartsPaysMoreThanTheCeilingWhateverIsClaimed) {
  Random random(11);
  for (int round = 0; round < 500; ++round) {
    const auto ceiling = static_cast<std::int64_t>(random.Below(10'000));
    Ceiling c = Money(ceiling);
    c.tokens = ceiling;
    Lease lease(c);
    std::deque<std::unique_ptr<Lease>> parts;
    std::deque<Lease::Hold> holds;
    for (int step = 0; step < 80; ++step) {
      const auto want = static_cast<std::int64_t>(random.Below(3000));
      Lease& at = parts.empty() || random.Below(3) == 0 ? lease : *parts[random.Below(parts.size())];
      if (random.Below(3) == 0) {
        auto part = Lease::Carve(lease, {want}, want, {});
        if (part) parts.push_back(std::move(*part));
      } else if (random.Below(2) == 0) {
        auto hold = at.Reserve({want}, want);
        if (hold) holds.push_back(std::move(*hold));
      } else if (!holds.empty()) {
        Lease::Hold hold = std::move(holds.front());
        holds.pop_front();
        const auto claim = static_cast<std::int64_t>(random.Below(20'000));
        EXPECT_LE(hold.Settle({claim}, claim).v, claim);
      }
      ASSERT_LE(lease.spent().v, ceiling);
      ASSERT_GE(lease.usd_left()->v, 0);
    }
    while (!holds.empty()) {
      holds.front().Settle({50'000}, 50'000);
      holds.pop_front();
    }
    parts.clear();
    ASSERT_LE(lease.spent().v, ceiling);
    ASSERT_LE(lease.tokens_spent(), ceiling);
    ASSERT_EQ(lease.outstanding(), 0);
  }
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

// Funds that remember what they were told, and have so much.
struct Purse {
  std::int64_t room = 100, held = 0, risk = 0, spent = 0;
};
class TestFunds : public Funds {
 public:
  explicit TestFunds(Purse& purse) : p_(purse) {}
  Status Take(Amount worst) override {
    if (p_.held + p_.spent + worst.usd.v > p_.room)
      return Fail(Code::kOverBudget, "no", "insufficient_quota");
    p_.held += worst.usd.v;
    return {};
  }
  void Risk(Amount change) override { p_.risk += change.usd.v; }
  Amount Settle(Amount taken, Amount risked, Amount claimed) override {
    p_.held -= taken.usd.v;
    p_.risk -= risked.usd.v;
    const std::int64_t paid = std::min(claimed.usd.v, std::max(taken.usd.v, p_.room - p_.held - p_.spent));
    p_.spent += paid;
    return {{paid}, claimed.tokens};
  }

 private:
  Purse& p_;
};

TEST(LeaseFunds, WhatTheLeaseReservesTheBudgetSetsAside) {
  Purse purse;
  Lease lease({}, std::make_unique<TestFunds>(purse));
  {
    auto hold = lease.Reserve({60}, 1);
    ASSERT_TRUE(hold);
    EXPECT_EQ(purse.held, 60);
    EXPECT_EQ(purse.risk, 0);
    EXPECT_EQ(lease.Reserve({41}, 1).error().reason, "insufficient_quota");
    hold->Launch();
    EXPECT_EQ(purse.risk, 60);
    hold->Settle({50}, 1);
  }
  EXPECT_EQ(purse.held, 0);
  EXPECT_EQ(purse.risk, 0);
  EXPECT_EQ(purse.spent, 50);
  { auto never_started = *lease.Reserve({50}, 1); }
  EXPECT_EQ(purse.held, 0);
  EXPECT_EQ(purse.spent, 50);
}

TEST(LeaseFunds, AStepsCallsAreAtRiskInTheBudgetAboveAndNotMore) {
  Purse purse;
  Lease whole({}, std::make_unique<TestFunds>(purse));
  {
    auto part = *Lease::Carve(whole, {40}, 0, {});
    EXPECT_EQ(purse.held, 40);
    EXPECT_EQ(purse.risk, 0) << "a step that has not begun is lost to nobody";
    auto first = *part->Reserve({30}, 0);
    first.Launch();
    EXPECT_EQ(purse.risk, 30);
    first.Settle({10}, 0);
    EXPECT_EQ(purse.risk, 10) << "what it cost is gone, the step's rest is not";
    auto second = *part->Reserve({20}, 0);
    second.Launch();
    EXPECT_EQ(purse.risk, 30);
    second.Settle({20}, 0);
  }
  EXPECT_EQ(purse.held, 0);
  EXPECT_EQ(purse.risk, 0);
  EXPECT_EQ(purse.spent, 30);
}

TEST(LeaseFunds, AClaimThatNeitherCeilingNorBudgetHasRoomForIsDisputed) {
  Purse purse;
  Lease whole({Nanos{1000}, {}, {}}, std::make_unique<TestFunds>(purse));
  auto part = *Lease::Carve(whole, {90}, 0, {});
  auto hold = *part->Reserve({90}, 0);
  hold.Launch();
  // The ceiling would let it grow to 1,000; the budget above has ten more.
  EXPECT_EQ(hold.Settle({500}, 0).v, 90);
  EXPECT_EQ(part->disputed().v, 410);
  part.reset();
  EXPECT_EQ(purse.spent, 90);
  EXPECT_EQ(purse.held, 0);
}

}  // namespace
}  // namespace baton::budget
