// Real processes, really killed: at every step of a change, and at any moment of a race for the last cent.
//
// The race, rounds of it: room for exactly N calls on one key; four processes of sixteen threads each want
// them; each process is killed with SIGKILL at a random moment and replaced, a few times over. "The provider"
// is memory that outlives them all and counts the calls that reached it. Whenever the money is counted it
// must cover every call that the provider has seen, and never be more than the budget; after the last kill
// exactly what is left can still be spent. BATON_BUDGET_RACE_ROUNDS sets the number of rounds
// (docs/results/budgets.md: 1000).
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/random.h"
#include "budget/ledger_fixture.h"

namespace baton::budget {
namespace {

std::size_t die_at = 0;
void DieAt(std::size_t step) {
  if (step == die_at) ::_exit(9);
}

int WaitFor(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

class LedgerKill : public LedgerFixture {
 protected:
  // A process of its own runs `work` on its own ledger and dies at step `at` of what it does after `arm`.
  template <class Work>
  bool Kill(std::size_t at, Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto ledger = Ledger::Open(options_, clock_);
      if (!ledger) ::_exit(1);
      die_at = at;
      work(**ledger, [&] { (*ledger)->file().on_step = DieAt; });
      ::_exit(0);
    }
    const int status = WaitFor(child);
    EXPECT_TRUE(WIFEXITED(status) && (WEXITSTATUS(status) == 9 || WEXITSTATUS(status) == 0)) << status;
    return WEXITSTATUS(status) == 9;
  }
};

TEST_F(LedgerKill, AHoldIsWholeOrNotThereWhateverTheStep) {
  auto ledger = Open();
  auto claims = ClaimsOf(*ledger, "k", 100, 100);
  std::size_t steps = 0;
  for (; steps < 100; ++steps) {
    const bool died = Kill(steps, [&](Ledger& theirs, auto arm) {
      auto mine = ClaimsOf(theirs, "k", 100, 100);
      Draw draw(theirs, mine);
      arm();
      (void)draw.Take(A(30, 5));
    });
    if (!died) break;
    // Before anybody has cleaned up, and after.
    EXPECT_EQ(Of(*ledger, *claims, 0).held.usd.v, Of(*ledger, *claims, 1).held.usd.v) << steps;
    ledger->Tick();
    for (std::size_t i : {0u, 1u}) {
      EXPECT_EQ(Of(*ledger, *claims, i).held.usd.v, 0) << steps;
      EXPECT_EQ(Of(*ledger, *claims, i).spent.usd.v, 0) << steps;
    }
  }
  EXPECT_GT(steps, 8u);
}

TEST_F(LedgerKill, ASettlementIsWholeOrPresumedWhateverTheStep) {
  auto ledger = Open();
  std::size_t steps = 0;
  for (; steps < 100; ++steps) {
    const std::string key = "k" + std::to_string(steps);
    auto claims = ClaimsOf(*ledger, key, 100, 100'000);
    const std::int64_t before = Of(*ledger, *claims, 1).spent.usd.v;
    const bool died = Kill(steps, [&](Ledger& theirs, auto arm) {
      auto mine = ClaimsOf(theirs, key, 100, 100'000);
      Draw draw(theirs, mine);
      if (!draw.Take(A(30))) ::_exit(2);
      draw.Risk(A(30));
      arm();
      draw.Settle(A(30), A(30), A(20));
    });
    if (!died) break;
    ledger->Tick();
    const Balance key_balance = Of(*ledger, *claims, 0), tenant = Of(*ledger, *claims, 1);
    EXPECT_EQ(key_balance.held.usd.v, 0);
    EXPECT_EQ(tenant.held.usd.v, 0);
    const std::int64_t spent = key_balance.spent.usd.v;
    EXPECT_TRUE(spent == 20 || spent == 30) << spent << " at step " << steps;
    EXPECT_EQ(tenant.spent.usd.v - before, spent) << "step " << steps;
  }
  EXPECT_GT(steps, 8u);
}

TEST_F(LedgerKill, WhoCleansUpMayDieToo) {
  auto ledger = Open();
  auto claims = ClaimsOf(*ledger, "k", 100, 100);
  for (std::size_t step = 0; step < 16; ++step) {
    const std::int64_t before = Of(*ledger, *claims, 0).spent.usd.v;
    EXPECT_FALSE(Kill(1000, [&](Ledger& theirs, auto) {
      auto mine = ClaimsOf(theirs, "k", 100, 100);
      auto* draw = new Draw(theirs, mine);
      if (!draw->Take(A(2))) ::_exit(2);
      draw->Risk(A(2));
      ::_exit(0);
    }));
    Kill(step, [&](Ledger& theirs, auto arm) {
      // Opening has cleaned up already; so one more that dies, seen by this one.
      const pid_t child = ::fork();
      if (child == 0) {
        auto inner = Ledger::Open(options_, clock_);
        auto mine = ClaimsOf(**inner, "k", 100, 100);
        auto* draw = new Draw(**inner, mine);
        if (!draw->Take(A(2))) ::_exit(2);
        draw->Risk(A(2));
        ::_exit(0);
      }
      WaitFor(child);
      arm();
      theirs.Tick();
    });
    ledger->Tick();
    EXPECT_EQ(Of(*ledger, *claims, 0).spent.usd.v - before, 4) << "step " << step;
    EXPECT_EQ(Of(*ledger, *claims, 0).held.usd.v, 0);
  }
}

// ---- the race ----

struct Provider {
  std::atomic<std::int64_t> received, refused_for_good, failures;
};

constexpr int kProcesses = 4, kThreads = 16;
constexpr std::int64_t kPrice = 1'234'567;  // nano-dollars a call

void Client(Ledger& ledger, std::shared_ptr<const Claims> claims, Provider& provider) {
  for (;;) {
    Draw draw(ledger, claims);
    const Status taken = draw.Take({{kPrice}, 10});
    if (!taken) {
      if (taken.error().reason == "insufficient_quota") {
        provider.refused_for_good.fetch_add(1);
        return;
      }
      if (taken.error().reason != "budget_held") provider.failures.fetch_add(1);
      std::this_thread::yield();
      continue;
    }
    draw.Risk({{kPrice}, 10});
    provider.received.fetch_add(1);
    if (draw.Settle({{kPrice}, 10}, {{kPrice}, 10}, {{kPrice}, 10}).usd.v != kPrice)
      provider.failures.fetch_add(1);
  }
}

class LedgerRace : public LedgerKill {
 protected:
  static std::shared_ptr<const Claims> Room(Ledger& ledger, int round, std::int64_t calls) {
    return ClaimsOf(ledger, "round" + std::to_string(round), calls * kPrice, std::int64_t{1} << 60);
  }

  pid_t StartProcess(int round, std::int64_t calls, Provider& provider) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    auto ledger = Ledger::Open(options_, clock_);
    if (!ledger) {
      provider.failures.fetch_add(1);
      ::_exit(1);
    }
    auto claims = Room(**ledger, round, calls);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) threads.emplace_back([&] { Client(**ledger, claims, provider); });
    for (auto& t : threads) t.join();
    ledger->reset();
    ::_exit(0);
  }
};

TEST_F(LedgerRace, SixtyFourClientsKillsAndTheLastCent) {
  const char* setting = std::getenv("BATON_BUDGET_RACE_ROUNDS");
  const int rounds = setting ? std::atoi(setting) : 30;
  options_.layout = {8192, 8192};
  auto* provider = static_cast<Provider*>(
      ::mmap(nullptr, sizeof(Provider), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  Random random(64);
  std::int64_t kills = 0, calls = 0, presumed = 0, not_received = 0, refusals = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto room = static_cast<std::int64_t>(500 + random.Below(4000));
    // Also into a file that all of them make together.
    if (round % 8 == 0) std::filesystem::remove(options_.path);
    provider->received = provider->refused_for_good = provider->failures = 0;
    std::vector<pid_t> running;
    for (int i = 0; i < kProcesses; ++i) running.push_back(StartProcess(round, room, *provider));
    for (auto deaths = random.Below(8); deaths > 0; --deaths) {
      ::usleep(static_cast<useconds_t>(random.Below(1500)));
      pid_t& victim = running[random.Below(running.size())];
      ::kill(victim, SIGKILL);
      kills += WIFSIGNALED(WaitFor(victim));
      victim = StartProcess(round, room, *provider);
    }
    for (pid_t child : running) WaitFor(child);
    ASSERT_EQ(provider->failures, 0);

    auto ledger = Open();
    auto claims = Room(*ledger, round, room);
    const Balance b = Of(*ledger, *claims, 0);
    ASSERT_EQ(b.held.usd.v, 0) << "money is blocked in round " << round;
    ASSERT_LE(b.spent.usd.v, room * kPrice) << "overspent in round " << round;
    ASSERT_LE(provider->received, b.spent.usd.v / kPrice) << "a call is not paid for in round " << round;
    // Everybody ended with a refusal for good: so the budget must be used up, to the last call.
    ASSERT_GE(provider->refused_for_good, kThreads);
    ASSERT_EQ(b.spent.usd.v, room * kPrice) << "a false refusal in round " << round;
    ASSERT_EQ(b.spent.tokens, room * 10);
    calls += provider->received;
    presumed += b.presumed.usd.v / kPrice;
    not_received += room - provider->received;
    refusals += provider->refused_for_good;
  }
  ::munmap(provider, sizeof(Provider));
  std::printf(
      "budget race: %d rounds, %d processes x %d threads on one key, %lld kills (SIGKILL); %lld calls "
      "reached the "
      "provider, %lld presumed spent at a kill (of which %lld had not reached it); overspent 0 times, "
      "falsely "
      "refused 0 times in %lld refusals\n",
      rounds, kProcesses, kThreads, static_cast<long long>(kills), static_cast<long long>(calls),
      static_cast<long long>(presumed), static_cast<long long>(not_received),
      static_cast<long long>(refusals));
}

}  // namespace
}  // namespace baton::budget
