#include <array>

#include "base/random.h"
#include "budget/ledger_fixture.h"

namespace baton::budget {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class LedgerTest : public LedgerFixture {};

TEST_F(LedgerTest, AccountsPayTogetherOrNotAtAll) {
  auto ledger = Open();
  auto rich = ClaimsOf(*ledger, "rich", 100, 50);
  auto poor = ClaimsOf(*ledger, "poor", 10, 50);
  Draw first(*ledger, rich), second(*ledger, poor);
  ASSERT_TRUE(first.Take(A(45)));
  // The key has room, the tenant has not: neither is touched.
  const Status refused = second.Take(A(6));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "budget_held");  // it would fit if the other call cost nothing
  EXPECT_EQ(refused.error().code, Code::kRateLimited);
  EXPECT_TRUE(refused.error().retry_after);
  EXPECT_EQ(Of(*ledger, *poor, 0).held.usd.v, 0);
  EXPECT_EQ(Of(*ledger, *poor, 1).held.usd.v, 45);
  EXPECT_EQ(first.Settle(A(45), {}, A(40)).usd.v, 40);
  ASSERT_TRUE(second.Take(A(6)));
  const Status spent = first.Take(A(11));
  ASSERT_FALSE(spent);
  EXPECT_EQ(spent.error().code, Code::kOverBudget);
  EXPECT_EQ(spent.error().reason, "insufficient_quota");
  EXPECT_NE(spent.error().message.find("2026-10-01"), std::string::npos) << spent.error().message;
  second.Settle(A(6), {}, A(6));
}

TEST_F(LedgerTest, TokensAreBudgetedLikeMoney) {
  auto ledger = Open();
  auto claims = std::make_shared<Claims>();
  claims->stripe = Ledger::StripeOf("t");
  claims->all.push_back({*ledger->Find("t", "tenant", Period::kTotal),
                         {std::nullopt, 1000, Period::kTotal},
                         Scope::kTenant,
                         "tenant 't'"});
  Draw draw(*ledger, claims);
  ASSERT_TRUE(draw.Take(A(1'000'000, 900)));
  draw.Settle(A(1'000'000, 900), {}, A(7, 300));
  EXPECT_FALSE(draw.Take(A(0, 701)));
  ASSERT_TRUE(draw.Take(A(0, 700)));
  draw.Settle(A(0, 700), {}, A(0, 700));
  EXPECT_EQ(draw.Take(A(0, 1)).error().reason, "insufficient_quota");
}

TEST_F(LedgerTest, AClaimAboveTheWorstCaseIsPaidFromWhatIsFreeAndDisputedBeyond) {
  auto ledger = Open();
  auto claims = ClaimsOf(*ledger, "k", 100, 1000);
  Draw draw(*ledger, claims);
  ASSERT_TRUE(draw.Take(A(60)));
  EXPECT_EQ(draw.Settle(A(60), {}, A(150)).usd.v, 100);
  for (std::size_t i : {0u, 1u}) {
    EXPECT_EQ(Of(*ledger, *claims, i).spent.usd.v, 100);
    EXPECT_EQ(Of(*ledger, *claims, i).disputed.usd.v, 50);
  }
}

TEST_F(LedgerTest, TwoLedgersOfOneFileShareTheLastCent) {
  auto one = Open(), two = Open();
  auto a = ClaimsOf(*one, "k", 10, 10), b = ClaimsOf(*two, "k", 10, 10);
  Draw first(*one, a), second(*two, b);
  ASSERT_TRUE(first.Take(A(10)));
  EXPECT_FALSE(second.Take(A(1)));
  first.Settle(A(10), {}, A(9));
  ASSERT_TRUE(second.Take(A(1)));
  second.Settle(A(1), {}, A(1));
  EXPECT_EQ(Of(*one, *a, 0).spent.usd.v, 10);
}

TEST_F(LedgerTest, WhatADeadProcessHadAtRiskIsPresumedSpentAndTheRestIsFree) {
  auto living = Open();
  auto claims = ClaimsOf(*living, "k", 100, 100);
  auto dying = Open();
  auto theirs = ClaimsOf(*dying, "k", 100, 100);
  Draw waiting(*dying, theirs), with_worker(*dying, theirs);
  ASSERT_TRUE(waiting.Take(A(30)));
  ASSERT_TRUE(with_worker.Take(A(50, 7)));
  with_worker.Risk(A(50, 7));
  EXPECT_EQ(Of(*living, *claims, 0).held.usd.v, 80);
  dying->Abandon();
  living->Tick();
  for (std::size_t i : {0u, 1u}) {
    const Balance b = Of(*living, *claims, i);
    EXPECT_EQ(b.held.usd.v, 0);
    EXPECT_EQ(b.spent.usd.v, 50);
    EXPECT_EQ(b.presumed.usd.v, 50);
    EXPECT_EQ(b.spent.tokens, 7);
  }
  // The operator looks it up: it cost 20.
  living->Adjust(claims->all[0].account, claims->stripe, A(-30));
  EXPECT_EQ(Of(*living, *claims, 0).spent.usd.v, 20);
  EXPECT_EQ(Of(*living, *claims, 0).presumed.usd.v, 20);
  // So that the draws' destructors do no harm: their ledger is gone.
  waiting.Settle(A(30), {}, {});
  with_worker.Settle(A(50, 7), A(50, 7), {});
}

TEST_F(LedgerTest, EverythingIsThereAfterARestart) {
  {
    auto ledger = Open();
    auto claims = ClaimsOf(*ledger, "k", 100, 100);
    Draw draw(*ledger, claims);
    ASSERT_TRUE(draw.Take(A(70)));
    draw.Settle(A(70), {}, A(70));
  }
  auto again = Open();
  EXPECT_FALSE(again->created());
  EXPECT_EQ(Of(*again, *ClaimsOf(*again, "k", 100, 100), 0).spent.usd.v, 70);
}

TEST_F(LedgerTest, ALostFileBeginsWithTheBackup) {
  auto ledger = Open();
  auto claims = ClaimsOf(*ledger, "k", 100, 100);
  const auto& account = claims->all[0].account;
  const std::int64_t month = Of(*ledger, *claims, 0).period_start;
  ledger->Restore(account, claims->stripe, month - 86400, A(99));  // of an earlier period: nothing
  EXPECT_EQ(Of(*ledger, *claims, 0).spent.usd.v, 0);
  ledger->Restore(account, claims->stripe, month, A(60));
  ledger->Restore(account, claims->stripe, month, A(50));
  EXPECT_EQ(Of(*ledger, *claims, 0).spent.usd.v, 60);
}

TEST_F(LedgerTest, ABudgetBeginsAnewWithItsPeriod) {
  auto ledger = Open();
  auto claims = ClaimsOf(*ledger, "k", 10, 100, Period::kDay);
  Draw draw(*ledger, claims);
  ASSERT_TRUE(draw.Take(A(10)));
  // A call that began yesterday counts on the day it ends; both days keep their limit.
  clock_.PassAndTick(*ledger, hours(24));
  EXPECT_FALSE(draw.Take(A(1)));
  draw.Settle(A(10), {}, A(4));
  EXPECT_EQ(Of(*ledger, *claims, 0).spent.usd.v, 4);
  clock_.PassAndTick(*ledger, hours(24));
  EXPECT_EQ(Of(*ledger, *claims, 0).spent.usd.v, 0);
}

TEST_F(LedgerTest, AJumpOfTheClockCountsOnlyOnceItHasLasted) {
  auto ledger = Open();
  auto claims = ClaimsOf(*ledger, "k", 10, 100, Period::kDay);
  Draw draw(*ledger, claims);
  const auto spend = [&](std::int64_t n) {
    ASSERT_TRUE(draw.Take(A(n)));
    draw.Settle(A(n), {}, A(n));
  };
  spend(9);
  const std::int64_t today = Of(*ledger, *claims, 0).period_start;
  clock_.wall += hours(24 * 400);
  ledger->Tick();
  EXPECT_FALSE(draw.Take(A(2))) << "a jump gave a new budget";
  clock_.PassAndTick(*ledger, minutes(9));
  EXPECT_EQ(Of(*ledger, *claims, 0).period_start, today);
  clock_.wall -= hours(24 * 400);
  clock_.PassAndTick(*ledger, minutes(9));
  EXPECT_EQ(Of(*ledger, *claims, 0).spent.usd.v, 9);
  // Now it stays away, and is believed.
  clock_.wall += hours(24 * 400);
  ledger->Tick();
  clock_.PassAndTick(*ledger, minutes(11));
  EXPECT_GT(Of(*ledger, *claims, 0).period_start, today);
  spend(5);
  // And comes back for good: what was spent meanwhile was spent today, beside the nine.
  clock_.wall -= hours(24 * 400);
  ledger->Tick();
  clock_.PassAndTick(*ledger, minutes(11));
  EXPECT_EQ(Of(*ledger, *claims, 0).period_start, today);
  EXPECT_EQ(Of(*ledger, *claims, 0).spent.usd.v, 14);
  EXPECT_FALSE(draw.Take(A(1)));
  clock_.PassAndTick(*ledger, hours(24));
  EXPECT_EQ(Of(*ledger, *claims, 0).spent.usd.v, 0) << "the next day begins as it should";
}

TEST_F(LedgerTest, RefusesFilesThatAreNoLedger) {
  std::FILE* f = std::fopen(options_.path.c_str(), "w");
  std::fputs("a file of somebody else, longer than a word", f);
  std::fclose(f);
  auto opened = Ledger::Open(options_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "ledger_foreign");
}

TEST_F(LedgerTest, IsFullByName) {
  auto ledger = Open();
  Result<Account> account = Account{};
  int made = 0;
  for (; made < 600 && account; ++made)
    account = ledger->Find("t", "key:" + std::to_string(made), Period::kDay);
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().reason, "ledger_full");
  EXPECT_EQ(made, 513);
  EXPECT_TRUE(ledger->Find("t", "key:7", Period::kDay)) << "those there are still found";
  auto claims = std::make_shared<Claims>();
  claims->all.push_back({Account{0, Period::kDay}, {Nanos{1'000'000}, {}, Period::kDay}, Scope::kKey, "k"});
  std::vector<std::unique_ptr<Draw>> draws;
  Status taken;
  while (taken && draws.size() < 2000) {
    draws.push_back(std::make_unique<Draw>(*ledger, claims));
    taken = draws.back()->Take(A(1));
  }
  EXPECT_EQ(draws.size(), 1025u);
  EXPECT_EQ(taken.error().reason, "ledger_lines");
  for (std::size_t i = 0; i + 1 < draws.size(); ++i) draws[i]->Settle(A(1), {}, {});
}

// Against a model that does the sums by hand: random calls of three keys of one tenant in two processes, with
// crashes and restarts in between.
TEST_F(LedgerTest, AgreesWithASimpleModel) {
  Random random(20261101);
  struct Model {
    std::array<std::int64_t, 4> spent{}, held{};  // three keys, the tenant
  } model;
  constexpr std::array<std::int64_t, 4> kLimit = {4000, 2500, 900, 6000};
  struct Running {
    std::unique_ptr<Draw> draw;
    std::size_t key = 0, process = 0;
    std::int64_t taken = 0;
    bool risked = false;
  };
  std::array<std::unique_ptr<Ledger>, 2> process = {Open(), Open()};
  std::vector<std::unique_ptr<Ledger>> dead;
  std::vector<Running> running, buried;
  const auto claims_of = [&](Ledger& ledger, std::size_t key) {
    return ClaimsOf(ledger, std::to_string(key), kLimit[key], kLimit[3]);
  };
  const auto begin = [&] {
    Running r{nullptr, random.Below(3), random.Below(2), static_cast<std::int64_t>(random.Below(400)), false};
    r.draw = std::make_unique<Draw>(*process[r.process], claims_of(*process[r.process], r.key));
    bool fits = true, spent_only = false;
    for (std::size_t a : {r.key, std::size_t{3}}) {
      if (model.spent[a] + model.held[a] + r.taken <= kLimit[a] || !fits) continue;
      fits = false;
      spent_only = model.spent[a] + r.taken > kLimit[a];
    }
    const Status taken = r.draw->Take(A(r.taken));
    ASSERT_EQ(taken.has_value(), fits);
    if (!taken) {
      ASSERT_EQ(taken.error().reason, spent_only ? "insufficient_quota" : "budget_held");
      return;
    }
    for (std::size_t a : {r.key, std::size_t{3}}) model.held[a] += r.taken;
    running.push_back(std::move(r));
  };
  const auto end = [&](std::size_t i) {
    Running r = std::move(running[i]);
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    std::int64_t claim = static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(r.taken) + 60));
    const Amount paid = r.draw->Settle(A(r.taken), r.risked ? A(r.taken) : A(0), A(claim));
    for (std::size_t a : {r.key, std::size_t{3}}) {
      model.held[a] -= r.taken;
      claim = std::min(claim, std::max(r.taken, kLimit[a] - model.spent[a] - model.held[a]));
    }
    ASSERT_EQ(paid.usd.v, claim);
    for (std::size_t a : {r.key, std::size_t{3}}) model.spent[a] += claim;
  };
  const auto crash = [&](std::size_t p) {
    process[p]->Abandon();
    dead.push_back(std::move(process[p]));
    for (std::size_t i = running.size(); i-- > 0;) {
      Running& r = running[i];
      if (r.process != p) continue;
      for (std::size_t a : {r.key, std::size_t{3}}) {
        model.held[a] -= r.taken;
        if (r.risked) model.spent[a] += r.taken;
      }
      buried.push_back(std::move(r));
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (random.Below(2) == 0) process[1 - p]->Tick();
    process[p] = Open();
  };
  for (int step = 0; step < 6000; ++step) {
    const auto dice = random.Below(100);
    if (dice < 45) {
      begin();
    } else if (dice < 60 && !running.empty()) {
      Running& r = running[random.Below(running.size())];
      if (!r.risked) r.draw->Risk(A(r.taken));
      r.risked = true;
    } else if (dice < 98 && !running.empty()) {
      end(random.Below(running.size()));
    } else if (dice == 99) {
      crash(random.Below(2));
    }
    if (HasFatalFailure()) return;
    if (step % 400 == 399) {  // a new month would do the same
      for (std::size_t key = 0; key < 3; ++key) {
        auto claims = claims_of(*process[0], key);
        process[0]->Adjust(claims->all[0].account, claims->stripe, A(-model.spent[key]));
        if (key == 0) process[0]->Adjust(claims->all[1].account, claims->stripe, A(-model.spent[3]));
      }
      model.spent = {};
    }
    for (std::size_t key = 0; key < 3; ++key) {
      auto claims = claims_of(*process[step % 2 ? 1 : 0], key);
      const Balance k = Of(*process[1], *claims, 0), t = Of(*process[0], *claims, 1);
      ASSERT_EQ(k.spent.usd.v, model.spent[key]) << "step " << step;
      ASSERT_EQ(k.held.usd.v, model.held[key]) << "step " << step;
      ASSERT_EQ(t.spent.usd.v, model.spent[3]) << "step " << step;
      ASSERT_EQ(t.held.usd.v, model.held[3]) << "step " << step;
      ASSERT_LE(k.spent.usd.v, kLimit[key]);
    }
  }
  while (!running.empty()) end(0);
  // What they held was returned by others. Reachable for ever, so that it is no leak.
  static auto& graves = *new std::vector<Draw*>;
  for (auto& r : buried) graves.push_back(r.draw.release());
}

}  // namespace
}  // namespace baton::budget
