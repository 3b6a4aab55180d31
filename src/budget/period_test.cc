#include "budget/period.h"

#include <gtest/gtest.h>

namespace baton::budget {
namespace {

TEST(Period, DaysAndMonthsAreThoseOfTheCalendar) {
  const std::int64_t leap = 1709210000;  // 2024-02-29, 12:33:20
  EXPECT_EQ(DateText(leap), "2024-02-29");
  EXPECT_EQ(DateText(PeriodStart(Period::kMonth, leap)), "2024-02-01");
  EXPECT_EQ(DateText(*PeriodEnd(Period::kDay, leap)), "2024-03-01");
  EXPECT_EQ(DateText(*PeriodEnd(Period::kMonth, leap)), "2024-03-01");
  EXPECT_EQ(DateText(*PeriodEnd(Period::kMonth, 1734000000)), "2025-01-01");
  EXPECT_EQ(PeriodStart(Period::kTotal, leap), 0);
  EXPECT_FALSE(PeriodEnd(Period::kTotal, leap));
}

TEST(Period, AMomentLiesBetweenItsStartAndEnd) {
  for (std::int64_t t = -100'000'000; t < 4'000'000'000; t += 7'654'321) {
    for (Period p : {Period::kDay, Period::kMonth}) {
      EXPECT_LE(PeriodStart(p, t), t);
      EXPECT_GT(*PeriodEnd(p, t), t);
      EXPECT_EQ(PeriodStart(p, *PeriodEnd(p, t)), *PeriodEnd(p, t));
    }
  }
}

TEST(Period, NamesAreReadBack) {
  for (Period p : {Period::kDay, Period::kMonth, Period::kTotal}) EXPECT_EQ(ParsePeriod(PeriodName(p)), p);
  EXPECT_FALSE(ParsePeriod("week"));
}

}  // namespace
}  // namespace baton::budget
