// Units and dates: the expression stands in the question, more or less.
#include <fmt/format.h>

#include <chrono>

#include "arena/families.h"

namespace baton::arena {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

sys_days Day(Draw& d) {
  using namespace std::chrono;
  return sys_days(year(d.Int(1960, 2030)) / month(1) / day(1)) + days(d.Int(0, 364));
}
std::string Iso(sys_days day) {
  const year_month_day v(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(v.year()), static_cast<unsigned>(v.month()),
                     static_cast<unsigned>(v.day()));
}
std::string Long(sys_days day) {
  static constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
  const year_month_day v(day);
  return fmt::format("{} {}, {}", kMonths[static_cast<unsigned>(v.month()) - 1],
                     static_cast<unsigned>(v.day()), static_cast<int>(v.year()));
}
Problem Number(std::string text, long answer) {
  return Ask(std::move(text), std::to_string(answer), Check::kNumber);
}

// Training.
Problem Minutes(Draw& d) {
  const int h = d.Int(2, 4 + 6 * d.level), m = d.Int(1, 59);
  return Number(fmt::format("How many minutes are in {} hours and {} minutes?", h, m), h * 60 + m);
}
Problem Metres(Draw& d) {
  const int km = d.Int(2, 30 * d.level);
  return Number(fmt::format("Convert {} km to m.", km), km * 1000L);
}
Problem Apart(Draw& d) {
  const sys_days a = Day(d);
  const int n = d.Int(5, 40 * d.level);
  return Number(fmt::format("How many days lie between {} and {}?", Iso(a), Iso(a + days(n))), n);
}
Problem Later(Draw& d) {
  const sys_days a = Day(d);
  const int n = d.Int(5, 40 * d.level);
  return Ask(fmt::format("What date is {} days after {}? Write it as YYYY-MM-DD.", n, Iso(a)),
             Iso(a + days(n)), Check::kText);
}
Problem Product(Draw& d) {
  const int a = d.Int(12, 30 * d.level), b = d.Int(12, 99), c = d.Int(2, 99);
  return Number(fmt::format("What is {} * {} + {}?", a, b, c), static_cast<long>(a) * b + c);
}
Problem Seconds(Draw& d) {
  const int m = d.Int(2, 5 + 10 * d.level), s = d.Int(1, 59);
  return Number(fmt::format("How many seconds are {} minutes and {} seconds?", m, s), m * 60 + s);
}
Problem Centimetres(Draw& d) {
  const int m = d.Int(2, 30 * d.level);
  return Number(fmt::format("Turn {} m into cm.", m), m * 100L);
}
Problem Millilitres(Draw& d) {
  const int l = d.Int(2, 20 * d.level);
  return Number(fmt::format("A can holds {} litres. How much is that in ml?", l), l * 1000L);
}
Problem DaysFrom(Draw& d) {
  const sys_days a = Day(d);
  const int n = d.Int(5, 40 * d.level);
  return Number(fmt::format("Count the days from {} to {}.", Long(a), Long(a + days(n))), n);
}
Problem WeeksLater(Draw& d) {
  const sys_days a = Day(d);
  const int weeks = d.Int(2, 6 * d.level);
  return Ask(fmt::format("Which day is {} weeks after {}? Answer as YYYY-MM-DD.", weeks, Long(a)),
             Iso(a + days(7 * weeks)), Check::kText);
}
Problem Sum(Draw& d) {
  const int a = d.Int(12, 300 * d.level), b = d.Int(12, 99), c = d.Int(2, 99);
  return Number(fmt::format("Work out {} plus {} times {}.", a, b, c), a + static_cast<long>(b) * c);
}

// Test.
Problem Film(Draw& d) {
  const int h = d.Int(1, 3 + 2 * d.level), m = d.Int(1, 59);
  return Number(fmt::format("A film runs for {} hours and {} minutes. How long is that in minutes?", h, m),
                h * 60 + m);
}
Problem Grams(Draw& d) {
  const int kg = d.Int(2, 40 * d.level);
  return Number(fmt::format("Express {} kg in grams.", kg), kg * 1000L);
}
Problem Until(Draw& d) {
  const sys_days a = Day(d);
  const int n = d.Int(5, 40 * d.level);
  return Number(fmt::format("From {} until {}: how many days is that?", Long(a), Long(a + days(n))), n);
}
Problem Before(Draw& d) {
  const sys_days a = Day(d);
  const int weeks = d.Int(2, 8 * d.level);
  return Ask(fmt::format("Give the date {} weeks before {}, as YYYY-MM-DD.", weeks, Long(a)),
             Iso(a - days(7 * weeks)), Check::kText);
}
Problem Times(Draw& d) {
  const int a = d.Int(12, 30 * d.level), b = d.Int(12, 99), c = d.Int(2, 99);
  return Number(fmt::format("Calculate {} times {} minus {}.", a, b, c), static_cast<long>(a) * b - c);
}

}  // namespace

Family UnitsFamily() {
  return {
      "units",
      "sums, units and dates",
      {Minutes, Metres, Apart, Later, Product, Seconds, Centimetres, Millilitres, DaysFrom, WeeksLater, Sum},
      {Film, Grams, Until, Before, Times}};
}

}  // namespace baton::arena
