// Inside report/: texts that several documents need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace baton::report {

// "2026-11-05T14:03:22Z".
std::string Rfc3339(std::int64_t unix_nanos);
// The same for the first moment of that month, and of the next.
std::string MonthStart(std::int64_t unix_nanos);
std::string NextMonthStart(std::int64_t unix_nanos);
// "api.example.com" of "https://api.example.com/v1"; "this machine" for none.
std::string HostOf(std::string_view url);
std::string FileName(std::string_view path);
// With what HTML reads as markup written as entities; broken UTF-8 and control characters replaced.
std::string EscapeHtml(std::string_view text);

}  // namespace baton::report
