#include "budget/period.h"

#include <chrono>
#include <cstdio>

namespace baton::budget {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

sys_days DayOf(std::int64_t unix_seconds) {
  return floor<days>(sys_seconds(seconds(unix_seconds)));
}

std::int64_t Unix(sys_days day) {
  return sys_seconds(day).time_since_epoch().count();
}

sys_days FirstOfMonth(std::int64_t unix_seconds) {
  const year_month_day date{DayOf(unix_seconds)};
  return sys_days(date.year() / date.month() / 1);
}

}  // namespace

std::string_view PeriodName(Period period) {
  switch (period) {
    case Period::kDay:
      return "day";
    case Period::kMonth:
      return "month";
    case Period::kTotal:
      return "total";
  }
  return "total";
}

std::optional<Period> ParsePeriod(std::string_view name) {
  for (Period p : {Period::kDay, Period::kMonth, Period::kTotal}) {
    if (PeriodName(p) == name) return p;
  }
  return std::nullopt;
}

std::int64_t PeriodStart(Period period, std::int64_t unix_seconds) {
  switch (period) {
    case Period::kDay:
      return Unix(DayOf(unix_seconds));
    case Period::kMonth:
      return Unix(FirstOfMonth(unix_seconds));
    case Period::kTotal:
      return 0;
  }
  return 0;
}

std::optional<std::int64_t> PeriodEnd(Period period, std::int64_t unix_seconds) {
  switch (period) {
    case Period::kDay:
      return Unix(DayOf(unix_seconds) + days(1));
    case Period::kMonth:
      return Unix(sys_days(year_month_day{FirstOfMonth(unix_seconds)} + months(1)));
    case Period::kTotal:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string DateText(std::int64_t unix_seconds) {
  const year_month_day date{DayOf(unix_seconds)};
  char text[32];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace baton::budget
