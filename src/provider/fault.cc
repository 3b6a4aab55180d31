// Whose fault a failed call is decides whether the breaker counts it, whether another worker is tried and
// what the client is told; so the vendors' words are read in one table, most specific first, and the HTTP
// status only decides what no word decided.
#include <charconv>

#include "provider/text.h"
#include "provider/upstream_error.h"

namespace baton::provider {
namespace {

struct WordRule {
  std::string_view word;  // found in type, code or (lower-case) message
  Fault fault;
  bool in_message;  // also looked for in the message
};

constexpr WordRule kWords[] = {
    {"context_length_exceeded", Fault::kContextOverflow, true},
    {"context_window_exceeded", Fault::kContextOverflow, true},
    {"exceed_context_size", Fault::kContextOverflow, true},
    {"maximum context length", Fault::kContextOverflow, true},
    {"context window", Fault::kContextOverflow, true},
    {"prompt is too long", Fault::kContextOverflow, true},
    {"input is too long", Fault::kContextOverflow, true},
    {"exceeds the maximum number of tokens", Fault::kContextOverflow, true},
    {"input token count", Fault::kContextOverflow, true},
    {"content_policy_violation", Fault::kContentRefused, true},
    {"content_filter", Fault::kContentRefused, true},
    {"responsibleaipolicyviolation", Fault::kContentRefused, true},
    {"content management policy", Fault::kContentRefused, true},
    {"usage policies", Fault::kContentRefused, true},
    {"moderation", Fault::kContentRefused, false},
    {"insufficient_quota", Fault::kQuota, true},
    {"credit_balance", Fault::kQuota, true},
    {"credit balance", Fault::kQuota, true},
    {"insufficient credits", Fault::kQuota, true},
    {"insufficient balance", Fault::kQuota, true},
    {"billing", Fault::kQuota, false},
    {"billing_hard_limit", Fault::kQuota, true},
    {"spend_limit", Fault::kQuota, true},
    {"spend limit", Fault::kQuota, true},
    {"invalid_api_key", Fault::kAuth, true},
    {"api_key_invalid", Fault::kAuth, true},
    {"api key not valid", Fault::kAuth, true},
    {"invalid x-api-key", Fault::kAuth, true},
    {"incorrect api key", Fault::kAuth, true},
    {"authentication", Fault::kAuth, false},
    {"unauthenticated", Fault::kAuth, false},
    {"permission", Fault::kAuth, false},
    {"overloaded", Fault::kOverloaded, false},
    {"slow_down", Fault::kOverloaded, false},
    {"unavailable", Fault::kOverloaded, false},
    {"rate_limit", Fault::kRateLimited, false},
    {"resource_exhausted", Fault::kRateLimited, false},
    {"too_many_requests", Fault::kRateLimited, false},
    {"deadline_exceeded", Fault::kTimeout, false},
    {"timeout", Fault::kTimeout, false},
    {"not_found", Fault::kClientRequest, false},
    {"invalid_request", Fault::kClientRequest, false},
    {"invalid_argument", Fault::kClientRequest, false},
    {"failed_precondition", Fault::kClientRequest, false},
    {"request_too_large", Fault::kClientRequest, false},
    {"server_error", Fault::kServer, false},
    {"api_error", Fault::kServer, false},
    {"internal", Fault::kServer, false},
};

Fault ByStatus(int status) {
  switch (status) {
    case 401:
    case 403:
      return Fault::kAuth;
    case 402:
      return Fault::kQuota;
    case 408:
    case 504:
      return Fault::kTimeout;
    case 429:
      return Fault::kRateLimited;
    case 503:
    case 529:
      return Fault::kOverloaded;
    default:
      break;
  }
  if (status >= 400 && status < 500) return Fault::kClientRequest;
  // Anything else, and an in-band error without a telling word, is the provider's.
  return Fault::kServer;
}

// A status that says which side is at fault limits what words may claim: "internal" in the message of a 400
// does not make it the provider's fault, nor "not_found" in a 503 the client's.
bool Allowed(Fault fault, int status) {
  if (status == 0) return true;
  const bool client_side = status >= 400 && status < 500 && status != 408 && status != 429;
  switch (fault) {
    case Fault::kClientRequest:
      return status < 500 && status != 401 && status != 403 && status != 429;
    case Fault::kServer:
    case Fault::kTimeout:
      return !client_side;
    case Fault::kOverloaded:
      return status >= 429;
    case Fault::kRateLimited:
      return status == 429 || status == 403 || status >= 500;
    case Fault::kAuth:
      return status < 429;
    default:
      return true;
  }
}

// A code that is an HTTP status; 0 when it is none.
int StatusIn(std::string_view code) {
  int status = 0;
  const auto got = std::from_chars(code.data(), code.data() + code.size(), status);
  const bool whole = got.ec == std::errc() && got.ptr == code.data() + code.size();
  return whole && status >= 400 && status < 600 ? status : 0;
}

}  // namespace

std::string_view FaultName(Fault fault) {
  switch (fault) {
    case Fault::kClientRequest:
      return "client_request";
    case Fault::kContextOverflow:
      return "context_overflow";
    case Fault::kContentRefused:
      return "content_refused";
    case Fault::kAuth:
      return "auth";
    case Fault::kQuota:
      return "quota";
    case Fault::kRateLimited:
      return "rate_limited";
    case Fault::kOverloaded:
      return "overloaded";
    case Fault::kServer:
      return "server";
    case Fault::kMalformed:
      return "malformed";
    case Fault::kTransport:
      return "transport";
    case Fault::kTimeout:
      return "timeout";
  }
  return "server";
}

Fault Classify(const ErrorBody& body, int status) {
  const std::string words = LowerAscii(body.type + " " + body.code), message = LowerAscii(body.message);
  for (const auto& rule : kWords) {
    const bool hit = words.find(rule.word) != std::string::npos ||
                     (rule.in_message && message.find(rule.word) != std::string::npos);
    if (hit && Allowed(rule.fault, status)) return rule.fault;
  }
  // In-band errors often carry the HTTP status as code.
  if (status == 0) {
    if (const int in_code = StatusIn(body.code)) return ByStatus(in_code);
  }
  return ByStatus(status);
}

}  // namespace baton::provider
