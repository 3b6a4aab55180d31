#include "budget/throttle.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/random.h"
#include "budget/purse.h"

namespace baton::budget {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::shared_ptr<const Throttle> One(Limits limits, std::shared_ptr<Meter> meter = nullptr) {
  if (!meter) meter = std::make_shared<Meter>(Scope::kTenant, "tenant 't'");
  return std::make_shared<Throttle>(std::make_shared<Mutex>(),
                                    std::vector<Throttle::Line>{{std::move(meter), limits}},
                                    std::make_shared<ThrottleMetrics>());
}

// Against a list of what was added and when.
TEST(Window, AgreesWithAListOfEvents) {
  Random random(7);
  Window window;
  std::deque<std::pair<std::int64_t, std::int64_t>> events;
  std::int64_t now = 1000;
  for (int step = 0; step < 20'000; ++step) {
    if (random.Below(3) == 0) now += static_cast<std::int64_t>(random.Below(random.Below(20) == 0 ? 200 : 4));
    const auto used = [&](std::int64_t at) {
      std::int64_t sum = 0;
      for (const auto& [when, n] : events) sum += when > at - 60 && when <= at ? n : 0;
      return sum;
    };
    if (random.Below(2) == 0) {
      const auto n = static_cast<std::int64_t>(random.Below(50));
      window.Add(now, n, now);
      events.emplace_back(now, n);
    } else if (!events.empty()) {
      auto& [when, n] = events[random.Below(events.size())];
      const auto less = -static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(n) + 1));
      window.Add(when, less, now);
      n += less;
    }
    ASSERT_EQ(window.Used(now), used(now)) << step;
    const auto most = static_cast<std::int64_t>(random.Below(100));
    const auto until = window.Until(most, now);
    ASSERT_TRUE(until);
    ASSERT_LE(used(now + *until), most);
    if (*until > 0) {
      ASSERT_GT(used(now + *until - 1), most);
    }
    while (events.size() > 400) events.pop_front();
    if (events.size() == 400 && events.front().first > now - 60) now += 61;
  }
}

TEST(Throttle, CountsARequestEverywhereOrNowhere) {
  auto group = std::make_shared<Mutex>();
  auto key = std::make_shared<Meter>(Scope::kKey, "key 'k'"),
       tenant = std::make_shared<Meter>(Scope::kTenant, "tenant 't'");
  auto metrics = std::make_shared<ThrottleMetrics>();
  const Limits two{2, {}, {}}, three{3, {}, {}};
  auto mine =
      std::make_shared<Throttle>(group, std::vector<Throttle::Line>{{key, two}, {tenant, three}}, metrics);
  auto others = std::make_shared<Throttle>(group, std::vector<Throttle::Line>{{tenant, three}}, metrics);
  const TimePoint now(seconds(500));
  EXPECT_TRUE(others->Enter(now));
  EXPECT_TRUE(mine->Enter(now));
  EXPECT_TRUE(mine->Enter(now));
  const auto refused = mine->Enter(now + milliseconds(30'400));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "requests_per_minute");
  EXPECT_EQ(*refused.error().retry_after, seconds(30));
  EXPECT_EQ(mine->Ask(now + seconds(30)).requests->remaining, 0);
  EXPECT_TRUE(mine->Enter(now + seconds(60)));
}

TEST(Throttle, APassHoldsAPlaceUntilItEnds) {
  auto throttle = One({{}, {}, 1});
  const TimePoint now(seconds(500));
  {
    auto pass = throttle->Enter(now);
    ASSERT_TRUE(pass);
    auto moved = std::move(*pass);
    EXPECT_EQ(throttle->Enter(now).error().reason, "concurrent_requests");
  }
  EXPECT_TRUE(throttle->Enter(now));
}

TEST(Throttle, TokensAreReservedAtTheWorstCaseAndCorrectedAfterwards) {
  SimClock clock;
  auto purse = std::make_shared<Purse>();
  purse->claims = std::make_shared<Claims>();
  purse->throttle = One({{}, 1000, {}});
  auto funds = OpenPurse(purse, clock);
  ASSERT_TRUE(funds);
  ASSERT_TRUE(funds->Take({{}, 800}));
  EXPECT_EQ(funds->Take({{}, 300}).error().reason, "tokens_per_minute");
  clock.Advance(seconds(5));
  funds->Settle({{}, 800}, {}, {{}, 100});
  EXPECT_EQ(purse->throttle->Ask(clock.Now()).tokens->remaining, 900);
  ASSERT_TRUE(funds->Take({{}, 900}));
  funds->Settle({{}, 900}, {}, {{}, 950});  // more than was expected
  EXPECT_EQ(purse->throttle->Ask(clock.Now()).tokens->remaining, 0);
  clock.Advance(seconds(61));
  EXPECT_EQ(purse->throttle->Ask(clock.Now()).tokens->remaining, 1000);
  const Status never = funds->Take({{}, 1001});
  EXPECT_EQ(never.error().reason, "tokens_above_rate");
  EXPECT_EQ(never.error().code, Code::kOverBudget) << "a retry cannot cure it";
}

TEST(Throttle, ALimitRefusedByTheLedgerTakesNoTokens) {
  SimClock clock;
  auto ledger = Ledger::Open({}, clock);
  ASSERT_TRUE(ledger);
  auto purse = std::make_shared<Purse>();
  purse->ledger = std::move(*ledger);
  auto claims = std::make_shared<Claims>();
  claims->all.push_back(
      {*purse->ledger->Find("t", "tenant", Period::kDay), {Nanos{5}, {}, Period::kDay}, Scope::kTenant, "t"});
  purse->claims = claims;
  purse->throttle = One({{}, 1000, {}});
  auto funds = OpenPurse(purse, clock);
  EXPECT_EQ(funds->Take({{6}, 100}).error().reason, "insufficient_quota");
  EXPECT_EQ(purse->throttle->Ask(clock.Now()).tokens->remaining, 1000);
}

TEST(Purse, IsNothingWhenNothingIsLimited) {
  SimClock clock;
  EXPECT_FALSE(OpenPurse(nullptr, clock));
  auto purse = std::make_shared<Purse>();
  purse->claims = std::make_shared<Claims>();
  EXPECT_FALSE(OpenPurse(purse, clock));
}

}  // namespace
}  // namespace baton::budget
