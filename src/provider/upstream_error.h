// Errors of providers: reading any shape, deciding whose fault it is, and making the message safe to show.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "provider/dialect.h"
#include "provider/json_reader.h"

namespace baton::provider {

// What an error body said, whichever vendor's shape it had.
struct ErrorBody {
  std::string message, type, code, param;
  std::optional<std::chrono::milliseconds> retry_after;  // google.rpc.RetryInfo
};
// From the value of "error" (object or string).
ErrorBody ReadErrorBody(JsonView error);

// The vendor's own rules first (type, code, text), the HTTP status after. status 0: an in-band error of a
// stream.
Fault Classify(const ErrorBody& body, int status);

// The error to hand on: code by fault, cleaned message, reason.
Error UpstreamError(const ErrorBody& body, int status);

// Reads a whole error reply: vendor JSON, foreign JSON, HTML, plain text, nothing.
Failure ReadFailure(int status, std::string_view content_type, std::string_view retry_after,
                    std::string_view body);

// "20", "0.5", "Wed, 21 Oct 2026 07:28:00 GMT" (as the distance from `now`, where known), "1500ms". Bounded
// to a day.
std::optional<std::chrono::milliseconds> ParseRetryAfter(
    std::string_view value, std::optional<std::chrono::system_clock::time_point> now = {});

// At most `limit` bytes of valid text on one line, with everything that looks like a key masked.
std::string CleanMessage(std::string_view message, std::size_t limit = 500);

// A tool call's id where the provider gave none: the same inputs give the same id.
std::string StableCallId(std::string_view seed, std::int64_t choice, std::int64_t index);

}  // namespace baton::provider
