#include "exact/dates.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <vector>

namespace baton::exact {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

struct Piece {
  std::string text;  // lower case letters, or digits
  std::size_t begin = 0, end = 0;
  bool number() const { return std::isdigit(static_cast<unsigned char>(text[0])) != 0; }
  int value() const { return text.size() > 6 ? -1 : std::atoi(text.c_str()); }
};

std::vector<Piece> Pieces(std::string_view text) {
  std::vector<Piece> out;
  const auto kind = [&](std::size_t i) {
    const auto c = static_cast<unsigned char>(text[i]);
    return std::isalpha(c) != 0 ? 1 : std::isdigit(c) != 0 ? 2 : 0;
  };
  for (std::size_t i = 0; i < text.size() && out.size() < 400;) {
    if (kind(i) == 0) {
      ++i;
      continue;
    }
    Piece p;
    p.begin = i;
    for (const int k = kind(i); i < text.size() && kind(i) == k; ++i)
      p.text.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(text[i]))));
    p.end = i;
    out.push_back(std::move(p));
  }
  return out;
}

int MonthOf(const Piece& p) {
  for (std::size_t m = 0; m < kMonths.size(); ++m) {
    if (p.text == kMonths[m] || (p.text.size() == 3 && kMonths[m].starts_with(p.text)))
      return static_cast<int>(m) + 1;
  }
  return 0;
}

std::optional<sys_days> Day(int y, int m, int d) {
  if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1) return std::nullopt;
  const year_month_day day{std::chrono::year(y), std::chrono::month(static_cast<unsigned>(m)),
                           std::chrono::day(static_cast<unsigned>(d))};
  return day.ok() ? std::optional(sys_days(day)) : std::nullopt;
}

struct Found {
  std::vector<sys_days> dates;
  std::vector<bool> used;  // by piece: part of a date
};

Found FindDates(const std::vector<Piece>& p) {
  Found out;
  out.used.assign(p.size(), false);
  for (std::size_t i = 0; i + 2 < p.size(); ++i) {
    std::optional<sys_days> day;
    const bool tail = p[i + 2].number();
    if (p[i].number() && p[i].text.size() == 4 && p[i + 1].number() && tail) {
      day = Day(p[i].value(), p[i + 1].value(), p[i + 2].value());
    } else if (p[i].number() && MonthOf(p[i + 1]) > 0 && tail && p[i + 2].text.size() == 4) {
      day = Day(p[i + 2].value(), MonthOf(p[i + 1]), p[i].value());
    } else if (MonthOf(p[i]) > 0 && p[i + 1].number() && tail && p[i + 2].text.size() == 4) {
      day = Day(p[i + 2].value(), MonthOf(p[i]), p[i + 1].value());
    }
    if (!day) continue;
    out.dates.push_back(*day);
    out.used[i] = out.used[i + 1] = out.used[i + 2] = true;
    i += 2;
  }
  return out;
}

bool Has(const std::vector<Piece>& p, std::initializer_list<std::string_view> words) {
  for (const auto& piece : p) {
    for (const auto w : words) {
      if (piece.text == w) return true;
    }
  }
  return false;
}

// "45 days", "3 weeks": the first number outside dates that a unit of days follows.
std::optional<int> Amount(const std::vector<Piece>& p, const std::vector<bool>& used) {
  for (std::size_t i = 0; i + 1 < p.size(); ++i) {
    if (used[i] || !p[i].number()) continue;
    if (p[i + 1].text == "days" || p[i + 1].text == "day") return p[i].value();
    if (p[i + 1].text == "weeks" || p[i + 1].text == "week") return p[i].value() * 7;
  }
  return std::nullopt;
}

std::string Iso(sys_days day) {
  const year_month_day d(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                     static_cast<unsigned>(d.day()));
}

std::string Weekday(sys_days day) {
  return std::string(kWeekdays[std::chrono::weekday(day).c_encoding()]);
}

}  // namespace

std::optional<std::string> AnswerDate(std::string_view text) {
  const auto pieces = Pieces(text);
  const Found found = FindDates(pieces);
  if (found.dates.size() == 2 && Has(pieces, {"days", "day", "weeks"})) {
    const auto apart = std::abs((found.dates[1] - found.dates[0]).count());
    if (Has(pieces, {"weeks"}) && apart % 7 == 0) return fmt::format("{} weeks", apart / 7);
    return fmt::format("{} days", apart);
  }
  if (found.dates.size() != 1) return std::nullopt;
  const bool weekday = Has(pieces, {"weekday"}) || (Has(pieces, {"week"}) && Has(pieces, {"day"}));
  const auto amount = Amount(pieces, found.used);
  if (amount && *amount >= 0 && *amount < 1'000'000) {
    const bool back = Has(pieces, {"before", "earlier", "ago"});
    const sys_days to = back ? found.dates[0] - days(*amount) : found.dates[0] + days(*amount);
    return weekday && Has(pieces, {"weekday"}) ? Weekday(to) : Iso(to);
  }
  if (weekday) return Weekday(found.dates[0]);
  return std::nullopt;
}

}  // namespace baton::exact
