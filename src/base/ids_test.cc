#include "base/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace baton {
namespace {

// A wall clock that the test sets.
class WallClock : public Clock {
 public:
  TimePoint Now() const override { return TimePoint(); }
  std::int64_t UnixNanos() const override { return nanos; }
  std::int64_t nanos = 1'800'000'000'000'000'000;
};

TEST(ExchangeId, SurvivesTextAndSortsLikeItsText) {
  WallClock clock;
  IdSource ids(clock, 42);
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    if (i % 100 == 0) clock.nanos += 1'000'000;
    const ExchangeId id = ids.Next();
    const std::string text = FormatExchangeId(id);
    EXPECT_EQ(text.size(), 16u);
    EXPECT_EQ(ParseExchangeId(text), id);
    EXPECT_LT(last, text);
    last = text;
  }
}

TEST(ExchangeId, GrowsAlsoWhenTheWallClockStepsBack) {
  WallClock clock;
  IdSource ids(clock, 1);
  const ExchangeId before = ids.Next();
  clock.nanos -= 3'600'000'000'000;
  EXPECT_GT(ids.Next(), before);
}

TEST(ExchangeId, KnowsItsMillisecond) {
  WallClock clock;
  IdSource ids(clock, 7);
  const ExchangeId id = ids.Next();
  EXPECT_EQ(ExchangeUnixNanos(id), clock.nanos);
  EXPECT_LE(FirstIdAt(clock.nanos), id);
  EXPECT_GT(FirstIdAt(clock.nanos + 1'000'000), id);
}

TEST(ExchangeId, DiffersBetweenSourcesOfDifferentSeed) {
  WallClock clock;
  IdSource a(clock, 1), b(clock, 2);
  EXPECT_NE(a.Next(), b.Next());
}

TEST(ExchangeId, RefusesWhatIsNone) {
  for (const char* text : {"", "ex_", "ex_0000000000000x", "ex_00000000000", "xx_0000000000000",
                           "ex_000000000000i", "ex_zzzzzzzzzzzzz", "ex_ 000000000000", "EX_0000000000000"}) {
    EXPECT_FALSE(ParseExchangeId(text)) << text;
  }
  // 63 bits are all there are.
  EXPECT_EQ(ParseExchangeId("ex_7zzzzzzzzzzzz"), INT64_MAX);
  EXPECT_FALSE(ParseExchangeId("ex_8000000000000"));
}

TEST(ExchangeId, NoTwoAreTheSameAcrossThreads) {
  IdSource ids(SystemClock(), 3);
  std::vector<ExchangeId> a, b;
  std::thread other([&] {
    for (int i = 0; i < 20000; ++i) a.push_back(ids.Next());
  });
  for (int i = 0; i < 20000; ++i) b.push_back(ids.Next());
  other.join();
  std::set<ExchangeId> all(a.begin(), a.end());
  all.insert(b.begin(), b.end());
  EXPECT_EQ(all.size(), 40000u);
}

}  // namespace
}  // namespace baton
