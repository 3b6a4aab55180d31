// Inside config/: texts to values. Each returns a sentence about what is wrong, or empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "budget/money.h"

namespace baton::config {

// "1500ms", "10s", "5m", "2h", "90d", "1.5s"; "0". A figure without unit is refused: nobody knows what was
// meant.
std::string ReadDuration(std::string_view text, Duration* out);
// "65536", "64KB", "32MB", "1GB" (1KB = 1024 bytes).
std::string ReadSize(std::string_view text, std::int64_t* out);
// Decimal dollars with at most nine places, from the text, never through floating point.
std::string ReadMoney(std::string_view text, budget::Nanos* out);
std::string ReadInteger(std::string_view text, std::int64_t* out);
std::string ReadNumber(std::string_view text, double* out);
std::string ReadFlag(std::string_view text, bool* out);
// "2026-01-31" to seconds since 1970, midnight UTC.
std::string ReadDate(std::string_view text, std::int64_t* out);

// "10s", "1500ms": the shortest exact form.
std::string FormatDuration(Duration d);

}  // namespace baton::config
