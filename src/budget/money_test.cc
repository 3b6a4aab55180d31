#include "budget/money.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"

namespace baton::budget {
namespace {

TEST(Money, ReadsDecimalDollarsExactly) {
  EXPECT_EQ(ParseUsd("0.0125")->v, 12'500'000);
  EXPECT_EQ(ParseUsd("0")->v, 0);
  EXPECT_EQ(ParseUsd("3")->v, 3'000'000'000);
  EXPECT_EQ(ParseUsd("0.000000001")->v, 1);
  EXPECT_EQ(ParseUsd("007.50")->v, 7'500'000'000);
  EXPECT_EQ(ParseUsd("9223372036.854775807")->v, std::numeric_limits<std::int64_t>::max());
}

TEST(Money, RefusesWhatIsNotAPlainAmount) {
  for (const char* text : {"", ".", "1.", ".5", "-1", "+1", "1e3", " 1", "1 ", "1,5", "0.0000000001", "1.2.3",
                           "$1", "nan", "9223372036.854775808", "99999999999999999999"}) {
    EXPECT_FALSE(ParseUsd(text)) << text;
  }
}

TEST(Money, PrintsTheShortestExactDecimal) {
  EXPECT_EQ(FormatUsd({12'500'000}), "0.0125");
  EXPECT_EQ(FormatUsd({0}), "0");
  EXPECT_EQ(FormatUsd({1}), "0.000000001");
  EXPECT_EQ(FormatUsd({2'000'000'000}), "2");
  EXPECT_EQ(FormatUsd({-1'500'000'000}), "-1.5");
  EXPECT_EQ(FormatUsd({std::numeric_limits<std::int64_t>::min()}), "-9223372036.854775808");
}

TEST(Money, EveryAmountSurvivesPrintingAndReading) {
  Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    const Nanos amount{static_cast<std::int64_t>(random.Next() >> (1 + random.Below(62)))};
    ASSERT_EQ(ParseUsd(FormatUsd(amount)), amount) << amount.v;
  }
}

}  // namespace
}  // namespace baton::budget
