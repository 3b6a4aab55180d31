#include "cli/age.h"

#include <fmt/format.h>

namespace baton::cli {

Result<Duration> ParseAge(const std::string& text, const std::string& option) {
  const Error bad = Fail(Code::kInvalidRequest,
                         fmt::format("{} {}: write a number and s, m, h or d, like 15m", option, text));
  if (text.size() < 2 || text.size() > 9 || text.find_first_not_of("0123456789") != text.size() - 1)
    return bad;
  const std::int64_t n = std::stoll(text);
  switch (text.back()) {
    case 's':
      return Duration(std::chrono::seconds(n));
    case 'm':
      return Duration(std::chrono::minutes(n));
    case 'h':
      return Duration(std::chrono::hours(n));
    case 'd':
      return Duration(std::chrono::hours(24 * n));
  }
  return bad;
}

}  // namespace baton::cli
