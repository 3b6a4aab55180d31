// The stretches of time a budget may be for. Days and months are those of UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::budget {

enum class Period { kDay, kMonth, kTotal };

// "day", "month", "total".
std::string_view PeriodName(Period period);
std::optional<Period> ParsePeriod(std::string_view name);

// Unix seconds at which the period around `unix_seconds` began; kTotal began at 0 and never ends.
std::int64_t PeriodStart(Period period, std::int64_t unix_seconds);
// When the next one begins; nullopt: never.
std::optional<std::int64_t> PeriodEnd(Period period, std::int64_t unix_seconds);

// "2026-12-01", of that moment in UTC.
std::string DateText(std::int64_t unix_seconds);

}  // namespace baton::budget
