#include "api/rate_headers.h"

#include <fmt/format.h>

namespace baton::api {

std::string ResetText(Duration d) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
  if (ms < 1000) return fmt::format("{}ms", ms);
  const auto s = ms / 1000;
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{}s", s / 60, s % 60);
  return fmt::format("{}h{}m{}s", s / 3600, s / 60 % 60, s % 60);
}

void AddRateHeaders(const access::Principal& who, TimePoint now, net::HeaderList& headers) {
  if (!who.purse || !who.purse->throttle) return;
  const budget::Quote quote = who.purse->throttle->Ask(now);
  const auto add = [&](const char* what, const budget::Quote::Line& line) {
    headers.emplace_back(fmt::format("x-ratelimit-limit-{}", what), std::to_string(line.limit));
    headers.emplace_back(fmt::format("x-ratelimit-remaining-{}", what), std::to_string(line.remaining));
    headers.emplace_back(fmt::format("x-ratelimit-reset-{}", what), ResetText(line.reset));
  };
  if (quote.requests) add("requests", *quote.requests);
  if (quote.tokens) add("tokens", *quote.tokens);
}

}  // namespace baton::api
