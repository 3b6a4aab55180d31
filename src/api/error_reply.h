// The one table from error code to the wire: HTTP status, OpenAI error type, and whether a retry can help.
#pragma once

#include <string>

#include "base/result.h"
#include "net/http.h"

namespace baton::api {

struct ErrorReply {
  int status = 500;
  std::string type;          // "invalid_request_error", "rate_limit_error", ...
  bool retry_helps = false;  // false: `x-should-retry: false` keeps SDKs from paying for hopeless tries
};

// A new Code does not compile until the switch in error_reply.cc has it.
ErrorReply Describe(const Error& error);

// {"error":{"message","type","param","code"}}, all four keys always.
std::string ErrorBody(const Error& error);

// x-should-retry, retry-after, retry-after-ms as the error asks for.
void AddErrorHeaders(const Error& error, net::HeaderList& headers);

// For refusals found below the handlers (bad head, body too large): the error a status stands for.
Error ErrorForStatus(int status, std::string_view reason, std::string_view message);

}  // namespace baton::api
