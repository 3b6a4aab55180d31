#include "report/words.h"

#include <fmt/format.h>

#include <chrono>

namespace baton::report {
namespace {

std::chrono::year_month_day DateOf(std::int64_t unix_nanos) {
  const std::chrono::sys_time<std::chrono::nanoseconds> at{std::chrono::nanoseconds(unix_nanos)};
  return std::chrono::floor<std::chrono::days>(at);
}

std::string FirstOf(std::chrono::year_month month) {
  return fmt::format("{:04}-{:02}-01T00:00:00Z", static_cast<int>(month.year()),
                     static_cast<unsigned>(month.month()));
}

// Length of the UTF-8 character that begins here; 0: none does.
std::size_t CharacterAt(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t n = lead < 0x80                   ? 1
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
  if (n == 0 || at + n > text.size()) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return 0;
  }
  return n;
}

}  // namespace

std::string Rfc3339(std::int64_t unix_nanos) {
  const auto date = DateOf(unix_nanos);
  const std::int64_t day = 86'400,
                     seconds = unix_nanos / 1'000'000'000 - (unix_nanos % 1'000'000'000 < 0 ? 1 : 0);
  const std::int64_t rest = ((seconds % day) + day) % day;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3600,
                     rest / 60 % 60, rest % 60);
}

std::string MonthStart(std::int64_t unix_nanos) {
  const auto date = DateOf(unix_nanos);
  return FirstOf(date.year() / date.month());
}

std::string NextMonthStart(std::int64_t unix_nanos) {
  const auto date = DateOf(unix_nanos);
  return FirstOf(date.year() / date.month() + std::chrono::months(1));
}

std::string HostOf(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return "this machine";
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  // Never the credentials that a URL might hold.
  if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  return std::string(url);
}

std::string FileName(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = CharacterAt(text, i);
    const char c = text[i];
    if (n == 0 || (n == 1 && static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')) {
      out += "\xef\xbf\xbd";
      ++i;
      continue;
    }
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(i, n);
    }
    i += n;
  }
  return out;
}

}  // namespace baton::report
