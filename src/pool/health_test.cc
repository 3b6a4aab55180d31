#include "pool/health.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <thread>
#include <vector>

#include "base/random.h"

namespace baton::pool {
namespace {

using provider::Fault;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = Verdict::Kind;

Verdict Of(Kind kind, Duration retry_after = {}) {
  Verdict v;
  v.kind = kind;
  v.retry_after = retry_after;
  v.error = kind == Kind::kFailure ? "it broke" : "";
  return v;
}

class Breaker : public ::testing::Test {
 protected:
  BreakerOptions options;  // 5 in a row, half of 20, 10 s, doubled up to 120 s
  TimePoint now{seconds(1000)};
  std::optional<Health> health;
  Health& H() {
    if (!health) health.emplace("w", options, Log::Null());
    return *health;
  }
  bool Call(Verdict v) {
    auto ticket = H().Admit(now);
    if (!ticket) return false;
    ticket->Report(v, now);
    return true;
  }
  void Fail(int times) {
    for (int i = 0; i < times; ++i) ASSERT_TRUE(Call(Of(Kind::kFailure))) << i;
  }
  BreakerState State() {
    WorkerStatus s;
    H().Describe(now, &s);
    return s.breaker;
  }
};

TEST_F(Breaker, ClientsBadRequestNeverTripsIt) {
  for (Fault f : {Fault::kClientRequest, Fault::kContextOverflow, Fault::kContentRefused}) {
    EXPECT_EQ(Attribute(f), Kind::kNeutral);
  }
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(Call(Of(Kind::kNeutral)));
  EXPECT_EQ(State(), BreakerState::kClosed);
}

TEST_F(Breaker, ABadRequestBetweenFailuresNeitherHelpsNorHurts) {
  Fail(4);
  Call(Of(Kind::kNeutral));
  Call(Of(Kind::kNothing));
  EXPECT_EQ(State(), BreakerState::kClosed);
  Fail(1);
  EXPECT_EQ(State(), BreakerState::kOpen);
}

TEST_F(Breaker, ConsecutiveFailuresOpenItAndASuccessStartsTheCountAnew) {
  options.error_rate = 2;  // never by share
  Fail(4);
  Call(Of(Kind::kSuccess));
  Fail(4);
  EXPECT_EQ(State(), BreakerState::kClosed);
  Fail(1);
  EXPECT_EQ(State(), BreakerState::kOpen);
  EXPECT_FALSE(Call(Of(Kind::kSuccess)));
  EXPECT_EQ(H().Refusal(now), "breaker open");
  EXPECT_EQ(H().ReadyAt(now), now + seconds(10));
}

TEST_F(Breaker, AShareOfFailuresOverTheWindowOpensIt) {
  for (int i = 0; i < 10; ++i) Call(Of(Kind::kSuccess));
  for (int i = 0; i < 9; ++i) {
    Call(Of(Kind::kFailure));
    Call(Of(Kind::kSuccess));
  }
  EXPECT_EQ(State(), BreakerState::kClosed);
  Call(Of(Kind::kFailure));
  EXPECT_EQ(State(), BreakerState::kOpen) << "ten of the last twenty failed";
}

TEST_F(Breaker, ExactlyOneProbeGoesThrough) {
  Fail(5);
  now += seconds(10);
  EXPECT_EQ(State(), BreakerState::kHalfOpen);
  auto probe = H().Admit(now);
  ASSERT_TRUE(probe && probe->probe());
  EXPECT_FALSE(H().Admit(now));
  EXPECT_EQ(H().Refusal(now), "probe running");
  EXPECT_GT(H().ReadyAt(now), now);
  probe->Report(Of(Kind::kSuccess), now);
  EXPECT_EQ(State(), BreakerState::kClosed);
  Fail(4);
  EXPECT_EQ(State(), BreakerState::kClosed) << "the count began anew";
}

TEST_F(Breaker, EachFailedProbeDoublesTheTimeUpToTheCap) {
  Fail(5);
  for (int expected : {20, 40, 80, 120, 120}) {
    now = H().ReadyAt(now);
    ASSERT_TRUE(Call(Of(Kind::kFailure)));
    EXPECT_EQ(H().ReadyAt(now) - now, seconds(expected));
  }
  now = H().ReadyAt(now);
  Call(Of(Kind::kSuccess));
  Fail(5);
  EXPECT_EQ(H().ReadyAt(now) - now, seconds(10)) << "forgotten with the success";
}

TEST_F(Breaker, AnAbandonedProbeMakesRoomForTheNext) {
  Fail(5);
  now += seconds(10);
  { auto dropped = H().Admit(now); }
  auto cancelled = H().Admit(now);
  ASSERT_TRUE(cancelled);
  cancelled->Report(Of(Kind::kNothing), now);
  EXPECT_TRUE(H().WouldAdmit(now));
  EXPECT_EQ(State(), BreakerState::kHalfOpen);
}

TEST_F(Breaker, AProbeThatMeetsAClientsFaultShowsThatTheWorkerLives) {
  Fail(5);
  now += seconds(10);
  Call(Of(Kind::kNeutral));
  EXPECT_EQ(State(), BreakerState::kClosed);
}

TEST_F(Breaker, AWrongKeyOrAnEmptyAccountOpensItAtOnceForLong) {
  EXPECT_EQ(Attribute(Fault::kAuth), Kind::kLockedOut);
  EXPECT_EQ(Attribute(Fault::kQuota), Kind::kLockedOut);
  Call(Of(Kind::kLockedOut));
  EXPECT_EQ(State(), BreakerState::kOpen);
  EXPECT_EQ(H().ReadyAt(now) - now, Health::kLockOut);
}

TEST_F(Breaker, ARateLimitHoldsBackForItsTimeCapped) {
  Call(Of(Kind::kRateLimited, seconds(7)));
  EXPECT_FALSE(H().WouldAdmit(now + seconds(7) - milliseconds(1)));
  EXPECT_TRUE(H().WouldAdmit(now + seconds(7)));
  EXPECT_EQ(State(), BreakerState::kClosed);
  EXPECT_EQ(H().Refusal(now), "rate limited");
  now += seconds(7);
  Call(Of(Kind::kRateLimited, std::chrono::hours(24)));
  EXPECT_EQ(H().ReadyAt(now) - now, options.retry_after_max);
  now = H().ReadyAt(now);
  Call(Of(Kind::kRateLimited));
  EXPECT_EQ(H().ReadyAt(now) - now, Health::kHoldBack);
}

TEST_F(Breaker, RateLimitsAreNoFailures) {
  for (int i = 0; i < 50; ++i) {
    Call(Of(Kind::kRateLimited, seconds(1)));
    now += seconds(1);
  }
  EXPECT_EQ(State(), BreakerState::kClosed);
}

TEST_F(Breaker, LateNewsFromBeforeTheOpeningDoesNotMoveIt) {
  auto slow_good = H().Admit(now);
  auto slow_bad = H().Admit(now);
  Fail(5);
  slow_good->Report(Of(Kind::kSuccess), now);
  EXPECT_EQ(State(), BreakerState::kOpen);
  now += seconds(10);
  Call(Of(Kind::kSuccess));
  slow_bad->Report(Of(Kind::kLockedOut), now);
  EXPECT_EQ(State(), BreakerState::kClosed);
}

TEST_F(Breaker, TheStatusTellsWhatHappened) {
  Verdict good = Of(Kind::kSuccess);
  good.to_first_byte = milliseconds(100);
  Call(good);
  good.to_first_byte = milliseconds(200);
  Call(good);
  Call(Of(Kind::kFailure));
  { auto never_asked = H().Admit(now); }
  WorkerStatus s;
  H().Describe(now, &s);
  EXPECT_EQ(s.calls, 3u);
  EXPECT_EQ(s.failures, 1u);
  EXPECT_EQ(s.last_error, "it broke");
  EXPECT_NEAR(s.ewma_first_byte_ms, 110, 0.01);
}

// The reference: remembers everything that ever happened and recomputes from the first line. No ring, no
// counters, no epochs; slow and plain.
class Reference {
 public:
  explicit Reference(BreakerOptions o) : o_(o) {}
  struct Line {
    bool admitted;
    int call;
    Kind kind;
    Duration after;
    TimePoint at;
  };

  struct View {
    bool open = false, probing = false;
    TimePoint open_until{}, held_until{};
    bool Admits(TimePoint now) const {
      return now >= held_until && (!open || (now >= open_until && !probing));
    }
  };

  void Admitted(int call, TimePoint at) { history_.push_back({true, call, Kind::kNothing, {}, at}); }
  void Reported(int call, Kind kind, Duration after, TimePoint at) {
    history_.push_back({false, call, kind, after, at});
  }

  View Now() const {
    View v;
    int failed_probes = 0;
    std::size_t era = 0;  // where in the history the present state began
    std::map<int, std::pair<std::size_t, bool>>
        calls;  // era in which a call was admitted, and whether as probe
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const Line& l = history_[i];
      if (l.admitted) {
        calls[l.call] = {era, v.open};
        v.probing |= v.open;
        continue;
      }
      if (l.kind == Kind::kRateLimited) {
        const Duration wait =
            std::min(l.after > Duration{} ? l.after : Health::kHoldBack, o_.retry_after_max);
        v.held_until = std::max(v.held_until, l.at + wait);
      }
      const auto [its_era, probe] = calls[l.call];
      if (its_era != era) continue;
      const auto open = [&](Duration d) {
        v.open = true;
        v.probing = false;
        v.open_until = l.at + d;
        era = i + 1;
      };
      const Duration locked = std::max(Health::kLockOut, o_.open_max);
      if (probe) {
        v.probing = false;
        if (l.kind == Kind::kLockedOut) open(locked);
        if (l.kind == Kind::kFailure) {
          ++failed_probes;
          open(std::min<Duration>(o_.open_for * (1LL << std::min(failed_probes, 20)), o_.open_max));
        }
        if (l.kind == Kind::kSuccess || l.kind == Kind::kNeutral || l.kind == Kind::kRateLimited) {
          v.open = false;
          failed_probes = 0;
          era = i + 1;
        }
      } else if (l.kind == Kind::kLockedOut) {
        open(locked);
      } else if (l.kind == Kind::kFailure && TooMany(calls, era, i)) {
        open(std::min<Duration>(o_.open_for * (1LL << std::min(failed_probes, 20)), o_.open_max));
      } else if (l.kind == Kind::kSuccess && TooMany(calls, era, i)) {
        open(std::min<Duration>(o_.open_for * (1LL << std::min(failed_probes, 20)), o_.open_max));
      }
    }
    return v;
  }

 private:
  // Over the results of this era up to line `last`.
  bool TooMany(const std::map<int, std::pair<std::size_t, bool>>& calls, std::size_t era,
               std::size_t last) const {
    std::vector<bool> failed;
    for (std::size_t i = era; i <= last; ++i) {
      const Line& l = history_[i];
      if (l.admitted || calls.at(l.call).first != era) continue;
      if (l.kind == Kind::kSuccess || l.kind == Kind::kFailure) failed.push_back(l.kind == Kind::kFailure);
    }
    int in_a_row = 0;
    for (auto it = failed.rbegin(); it != failed.rend() && *it; ++it) ++in_a_row;
    if (in_a_row >= o_.failures) return true;
    const std::size_t n = std::min(failed.size(), static_cast<std::size_t>(o_.window));
    const auto bad = std::count(failed.end() - static_cast<std::ptrdiff_t>(n), failed.end(), true);
    return bad >= o_.failures && static_cast<double>(bad) >= o_.error_rate * static_cast<double>(n);
  }

  BreakerOptions o_;
  std::vector<Line> history_;
};

TEST(BreakerModel, AgreesWithAReferenceThatRecomputesFromTheWholeHistory) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Random random(seed);
    BreakerOptions o;
    o.failures = 1 + static_cast<int>(random.Below(5));
    o.window = 1 + static_cast<int>(random.Below(12));
    o.error_rate = 0.1 * static_cast<double>(1 + random.Below(12));
    o.open_for = seconds(1 + random.Below(10));
    o.open_max = o.open_for * static_cast<std::int64_t>(1 + random.Below(9));
    Health health("w", o, Log::Null());
    Reference reference(o);
    std::vector<std::pair<int, Health::Ticket>> running;
    TimePoint now{seconds(1000)};
    int next_call = 0;
    for (int step = 0; step < 150; ++step) {
      now += milliseconds(random.Below(4) == 0 ? random.Below(9000) : random.Below(100));
      const Reference::View view = reference.Now();
      ASSERT_EQ(health.WouldAdmit(now), view.Admits(now)) << "seed " << seed << " step " << step;
      WorkerStatus s;
      health.Describe(now, &s);
      ASSERT_EQ(s.breaker != BreakerState::kClosed, view.open) << "seed " << seed << " step " << step;
      if (running.empty() || random.Below(2)) {
        if (auto ticket = health.Admit(now)) {
          running.emplace_back(next_call, std::move(*ticket));
          reference.Admitted(next_call++, now);
        }
        continue;
      }
      const std::size_t which = random.Below(running.size());
      std::vector<std::pair<int, Health::Ticket>> rest;
      for (std::size_t i = 0; i < running.size(); ++i) {
        if (i != which) {
          rest.push_back(std::move(running[i]));
          continue;
        }
        constexpr Kind kKinds[] = {Kind::kSuccess, Kind::kSuccess, Kind::kFailure,     Kind::kFailure,
                                   Kind::kNeutral, Kind::kNothing, Kind::kRateLimited, Kind::kLockedOut};
        const Kind kind = kKinds[random.Below(random.Below(3) ? 4 : 8)];
        const Duration after = seconds(random.Below(100));
        running[i].second.Report(Of(kind, after), now);
        reference.Reported(running[i].first, kind, after, now);
      }
      running.swap(rest);
    }
  }
}

TEST(BreakerThreads, ManyThreadsNeverGetTwoProbesAtOnce) {
  BreakerOptions o;
  o.failures = 3;
  o.open_for = milliseconds(1);
  o.open_max = milliseconds(2);
  Health health("w", o, Log::Null());
  std::atomic<std::int64_t> clock{0};
  std::atomic<int> probes{0}, most{0}, admitted{0};
  const auto work = [&](std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < 20'000; ++i) {
      const TimePoint now{Duration(clock.fetch_add(20'000))};
      auto ticket = health.Admit(now);
      if (!ticket) continue;
      ++admitted;
      if (ticket->probe()) most = std::max(most.load(), ++probes);
      if (ticket->probe()) --probes;
      if (random.Below(10) == 0) continue;  // dropped unreported
      Verdict v = Of(random.Below(3) ? Kind::kFailure : Kind::kSuccess);
      ticket->Report(v, now);
      WorkerStatus s;
      health.Describe(now, &s);
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) threads.emplace_back(work, t + 1);
  for (auto& t : threads) t.join();
  EXPECT_LE(most.load(), 1);
  EXPECT_GT(admitted.load(), 100);
}

}  // namespace
}  // namespace baton::pool
