#include "base/result.h"

namespace baton {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kInvalidRequest:
      return "invalid_request";
    case Code::kUnauthenticated:
      return "unauthenticated";
    case Code::kPermissionDenied:
      return "permission_denied";
    case Code::kNotFound:
      return "not_found";
    case Code::kConflict:
      return "conflict";
    case Code::kTooLarge:
      return "too_large";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kOverBudget:
      return "over_budget";
    case Code::kRateLimited:
      return "rate_limited";
    case Code::kOverloaded:
      return "overloaded";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kBadUpstream:
      return "bad_upstream";
    case Code::kUpstreamRejected:
      return "upstream_rejected";
    case Code::kDeadline:
      return "deadline";
    case Code::kCancelled:
      return "cancelled";
    case Code::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace baton
