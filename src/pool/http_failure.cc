#include "pool/http_failure.h"

#include <algorithm>
#include <string>

#include "pool/credential.h"
#include "provider/retry_after.h"

namespace baton::pool {
namespace {

using provider::Failure;
using provider::Fault;

bool EndsWith(std::string_view s, std::string_view end) {
  return s.ends_with(end);
}

// The codecs name an in-band error of the provider by its fault: "worker_overloaded".
Fault FaultByReason(const Error& e) {
  constexpr std::string_view kPrefix = "worker_";
  if (std::string_view(e.reason).starts_with(kPrefix)) {
    const std::string_view name = std::string_view(e.reason).substr(kPrefix.size());
    for (int i = 0; i <= static_cast<int>(Fault::kTimeout); ++i) {
      if (name == provider::FaultName(static_cast<Fault>(i))) return static_cast<Fault>(i);
    }
  }
  if (e.reason == "context_length_exceeded") return Fault::kContextOverflow;
  if (e.reason == "content_filter") return Fault::kContentRefused;
  switch (e.code) {
    case Code::kUpstreamRejected:
    case Code::kInvalidRequest:
      return Fault::kClientRequest;
    case Code::kRateLimited:
      return Fault::kRateLimited;
    case Code::kOverloaded:
      return Fault::kOverloaded;
    case Code::kUnavailable:
      return Fault::kServer;
    case Code::kDeadline:
      return Fault::kTimeout;
    default:
      return Fault::kMalformed;
  }
}

Failure Redirect(int status) {
  Failure f;
  f.fault = Fault::kMalformed;
  f.error = Fail(Code::kBadUpstream,
                 "the worker's address answers with a redirect (HTTP " + std::to_string(status) +
                     "), which is never followed: set base_url to the final address",
                 "redirect");
  f.error.upstream_status = status;
  return f;
}

// Milliseconds where the provider says so, seconds or a date otherwise.
std::string RetryAfter(const net::HeaderViews& headers) {
  const std::string_view ms = net::FindHeader(headers, "retry-after-ms");
  if (!ms.empty()) return std::string(ms) + "ms";
  return std::string(net::FindHeader(headers, "retry-after"));
}

Task<std::string> ReadAtMost(net::ClientResponse& response, std::size_t limit) {
  std::string body;
  while (body.size() < limit) {
    Result<std::string_view> piece = co_await response.Read();
    if (!piece || piece->empty()) break;  // what came so far says more than the failure to read the rest
    body.append(piece->substr(0, limit - body.size()));
  }
  body.reserve(body.size() + net::kBodyPadding);
  co_return body;
}

}  // namespace

Failure NetFailure(Error error, const Worker& worker) {
  Failure f;
  f.fault = Fault::kTransport;
  if (error.code == Code::kDeadline || EndsWith(error.reason, "_timeout")) f.fault = Fault::kTimeout;
  if (error.code == Code::kBadUpstream) f.fault = Fault::kMalformed;
  error.message = "worker '" + worker.name + "': " + error.message;
  f.error = std::move(error);
  return f;
}

Failure ReplyFailure(Error error) {
  Failure f;
  f.fault = FaultByReason(error);
  f.error = std::move(error);
  return f;
}

Failure NotSent(Error error) {
  Failure f;
  f.fault = Fault::kClientRequest;
  f.error = std::move(error);
  return f;
}

Task<Failure> ReadErrorReply(const provider::WorkerCodec& codec, const Worker& worker, Loop& loop,
                             net::ClientResponse& response, HttpLimits limits, Deadline deadline) {
  const int status = response.status();
  if (status >= 300 && status < 400) co_return Redirect(status);
  response.SetDeadline(deadline.Earlier(Deadline(loop.Now() + limits.error_body)));
  const std::string body = co_await ReadAtMost(response, limits.max_error_bytes);
  const std::string type(net::FindHeader(response.headers(), "content-type"));
  const std::string after = RetryAfter(response.headers());
  Failure f = codec.DecodeError(status, type, after, body);
  if (!f.error.retry_after && !after.empty()) {
    // A date: it needs the wall clock, which codecs do not have.
    const std::chrono::nanoseconds unix_time(loop.clock().UnixNanos());
    f.error.retry_after = provider::ParseRetryAfter(
        after, std::chrono::system_clock::time_point(
                   std::chrono::duration_cast<std::chrono::system_clock::duration>(unix_time)));
  }
  if (f.error.upstream_status == 0) f.error.upstream_status = status;
  Scrub(worker.key, &f.error.message);
  co_return f;
}

}  // namespace baton::pool
