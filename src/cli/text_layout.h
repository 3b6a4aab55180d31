// Text on a terminal: harmless, measured, cut, coloured.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace baton::cli {

// Like PlainText() of log_view.h, but for one line: newlines and tabs become spaces.
std::string OneLine(std::string_view text);
// Columns that `plain` takes: wide East Asian characters and emoji count two, combining marks none.
// REQUIRES: the text came through PlainText() or OneLine().
int Columns(std::string_view plain);
// At most `columns` wide, ending in `mark` ("…" or "...") where something was cut.
std::string Clip(std::string_view plain, int columns, std::string_view mark);
// Filled with blanks up to `columns`; longer text stays as it is.
std::string PadRight(std::string text, int columns);
std::string PadLeft(std::string text, int columns);
// Lines of at most `columns`, broken at blanks where there are any.
std::vector<std::string> Wrap(std::string_view plain, int columns);

// "850 us", "812 ms", "5.21 s", "2 min 05 s".
std::string FormatDuration(Duration d);
// "1,234,567".
std::string FormatCount(std::int64_t n);
// "2026-11-05 14:03:22", UTC.
std::string FormatTime(std::int64_t unix_nanos);

enum class Colour { kNone, kBold, kDim, kGreen, kRed, kYellow, kCyan };
// `text` in `colour` if `on`.
std::string Paint(std::string_view text, Colour colour, bool on);

}  // namespace baton::cli
