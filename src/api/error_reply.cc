#include "api/error_reply.h"

#include <nlohmann/json.hpp>

namespace baton::api {
namespace {

// A provider's own 4xx keeps its status: it is about the client's request. Anything else it might say is
// about the provider, and the client is told 502.
int RejectedStatus(int upstream) {
  return upstream >= 400 && upstream < 500 && upstream != 401 && upstream != 403 ? upstream : 400;
}

}  // namespace

ErrorReply Describe(const Error& e) {
  switch (e.code) {
    case Code::kInvalidRequest:
      return {400, "invalid_request_error", false};
    case Code::kUnauthenticated:
      return {401, "authentication_error", false};
    case Code::kPermissionDenied:
      return {403, "permission_error", false};
    case Code::kNotFound:
      return {404, "invalid_request_error", false};
    // 409: the first request with this idempotency key is still running, so trying again is right.
    case Code::kConflict:
      return {409, "invalid_request_error", true};
    case Code::kTooLarge:
      return {e.reason == "context_length_exceeded" ? 400 : 413, "invalid_request_error", false};
    case Code::kUnsupported:
      return {400, "invalid_request_error", false};
    case Code::kOverBudget:
      return {429, "insufficient_quota", false};
    case Code::kRateLimited:
      return {429, "rate_limit_error", true};
    case Code::kOverloaded:
      return {503, "server_error", true};
    case Code::kUnavailable:
      return {503, "server_error", true};
    case Code::kBadUpstream:
      return {502, "server_error", true};
    case Code::kUpstreamRejected:
      return {RejectedStatus(e.upstream_status), "invalid_request_error", false};
    // The caller's own deadline: the same request with the same deadline would end the same way.
    case Code::kDeadline:
      return {504, "server_error", false};
    case Code::kCancelled:
      return {499, "invalid_request_error", false};
    case Code::kInternal:
      return {500, "server_error", true};
  }
  return {500, "server_error", true};
}

std::string ErrorBody(const Error& error) {
  nlohmann::ordered_json inner;
  inner["message"] = error.message;
  inner["type"] = Describe(error).type;
  inner["param"] = error.param.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(error.param);
  inner["code"] = error.Name();
  nlohmann::ordered_json body;
  body["error"] = std::move(inner);
  // A provider's message may hold anything; broken UTF-8 is replaced rather than thrown at the client.
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void AddErrorHeaders(const Error& error, net::HeaderList& headers) {
  if (error.code == Code::kUnauthenticated) headers.emplace_back("www-authenticate", "Bearer");
  if (!Describe(error).retry_helps) headers.emplace_back("x-should-retry", "false");
  if (error.retry_after) {
    headers.emplace_back("retry-after-ms", std::to_string(error.retry_after->count()));
    headers.emplace_back("retry-after", std::to_string((error.retry_after->count() + 999) / 1000));
  }
}

Error ErrorForStatus(int status, std::string_view reason, std::string_view message) {
  Code code = Code::kInternal;
  if (status == 413 || status == 431)
    code = Code::kTooLarge;
  else if (status == 503)
    code = Code::kOverloaded;
  else if (status >= 400 && status < 500)
    code = Code::kInvalidRequest;
  return Fail(code, std::string(message), std::string(reason));
}

}  // namespace baton::api
