#include "cli/text_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "cli/log_view.h"

namespace baton::cli {
namespace {

struct Rune {
  std::uint32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// The first character of `s`, by the strict rules of UTF-8 (no surrogates, no overlong forms). REQUIRES: not
// empty.
Rune First(std::string_view s) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || s.size() < n) return {};
  std::uint32_t code = lead & (0xffu >> (n + 1));
  for (std::size_t i = 1; i < n; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (at(i) & 0x3fu);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, n, true};
}

// Characters that turn the direction of what follows and so make a line read as something else.
bool TurnsText(std::uint32_t c) {
  return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f ||
         c == 0x061c;
}
bool Controls(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

int Width(std::uint32_t c) {
  const auto in = [c](std::uint32_t a, std::uint32_t b) { return c >= a && c <= b; };
  if (in(0x300, 0x36f) || in(0x200b, 0x200d) || in(0xfe00, 0xfe0f) || in(0x20d0, 0x20ff) || c == 0xfeff)
    return 0;
  const bool wide = in(0x1100, 0x115f) || in(0x2e80, 0x303e) || in(0x3041, 0xa4cf) || in(0xac00, 0xd7a3) ||
                    in(0xf900, 0xfaff) || in(0xfe30, 0xfe6f) || in(0xff00, 0xff60) || in(0xffe0, 0xffe6) ||
                    in(0x1f300, 0x1f64f) || in(0x1f680, 0x1f6ff) || in(0x1f900, 0x1f9ff) ||
                    in(0x20000, 0x3fffd);
  return wide ? 2 : 1;
}

std::string Harmless(std::string_view text, bool one_line) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Rune r = First(text);
    if (!r.valid) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (r.code == '\n' || r.code == '\t') {
      out += one_line ? ' ' : static_cast<char>(r.code);
    } else if (TurnsText(r.code) || (Controls(r.code) && r.code > 0xff)) {
      out += fmt::format("\\u{:04x}", r.code);
    } else if (Controls(r.code)) {
      out += fmt::format("\\x{:02x}", r.code);
    } else {
      out += text.substr(0, r.bytes);
    }
    text.remove_prefix(r.bytes);
  }
  return out;
}

// Bytes of the longest beginning of `plain` that fits.
std::size_t FittingBytes(std::string_view plain, int columns) {
  std::size_t bytes = 0;
  while (bytes < plain.size()) {
    const Rune r = First(plain.substr(bytes));
    columns -= Width(r.code);
    if (columns < 0) break;
    bytes += r.bytes;
  }
  return bytes;
}

}  // namespace

std::string PlainText(std::string_view text) {
  return Harmless(text, false);
}
std::string OneLine(std::string_view text) {
  return Harmless(text, true);
}

int Columns(std::string_view plain) {
  int columns = 0;
  while (!plain.empty()) {
    const Rune r = First(plain);
    columns += Width(r.code);
    plain.remove_prefix(r.bytes);
  }
  return columns;
}

std::string Clip(std::string_view plain, int columns, std::string_view mark) {
  if (Columns(plain) <= columns) return std::string(plain);
  const int room = columns - Columns(mark);
  if (room < 0) return std::string(plain.substr(0, FittingBytes(plain, std::max(columns, 0))));
  return std::string(plain.substr(0, FittingBytes(plain, room))).append(mark);
}

std::string PadRight(std::string text, int columns) {
  text.append(static_cast<std::size_t>(std::max(0, columns - Columns(text))), ' ');
  return text;
}

std::string PadLeft(std::string text, int columns) {
  text.insert(0, static_cast<std::size_t>(std::max(0, columns - Columns(text))), ' ');
  return text;
}

std::vector<std::string> Wrap(std::string_view plain, int columns) {
  columns = std::max(columns, 2);  // the widest single character
  std::vector<std::string> lines;
  while (!plain.empty()) {
    std::size_t end = FittingBytes(plain, columns), next = end;
    if (end < plain.size()) {
      // A blank right behind the piece is as good a place as one inside it.
      const std::size_t blank = plain.substr(0, end + 1).rfind(' ');
      if (blank != std::string_view::npos && blank > 0) {
        end = blank;
        next = blank + 1;
      }
    }
    lines.emplace_back(plain.substr(0, end));
    plain.remove_prefix(next);
  }
  return lines;
}

std::string FormatDuration(Duration d) {
  const double us = static_cast<double>(d.count()) / 1e3;
  if (us < 999.5) return fmt::format("{:.0f} us", us);
  if (us < 9'995) return fmt::format("{:.1f} ms", us / 1e3);
  if (us < 999'500) return fmt::format("{:.0f} ms", us / 1e3);
  if (us < 59'995'000) return fmt::format("{:.2f} s", us / 1e6);
  const auto seconds = static_cast<std::int64_t>(us / 1e6 + 0.5);
  return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
}

std::string FormatCount(std::int64_t n) {
  std::string s = std::to_string(n);
  const std::size_t first = n < 0 ? 1 : 0;
  for (std::size_t at = s.size(); at > first + 3;) s.insert(at -= 3, ",");
  return s;
}

std::string FormatTime(std::int64_t unix_nanos) {
  const std::time_t seconds = unix_nanos / 1'000'000'000;
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                     tm.tm_hour, tm.tm_min, tm.tm_sec);
}

std::string Paint(std::string_view text, Colour colour, bool on) {
  constexpr const char* kCodes[] = {"", "1", "2", "32", "31", "33", "36"};
  if (!on || colour == Colour::kNone || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<int>(colour)], text);
}

}  // namespace baton::cli
