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

}  // namespace baton::provider
