// Questions about days of the calendar: how far apart, what day after so many, which weekday.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baton::exact {

// "2024-03-01", "March 1, 2024", "1 March 2024". What is asked is read from the words around the dates: two
// dates and "days" or "weeks": their distance; one date and an amount with after, before, later or earlier: a
// date; one date and "weekday" or "day of the week": its name. Nullopt: no date, or nothing that is
// understood is asked. Gregorian, years 1 to 9999.
std::optional<std::string> AnswerDate(std::string_view text);

}  // namespace baton::exact
