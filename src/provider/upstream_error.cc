// Whose fault a failed call is decides whether the breaker counts it, whether another worker is tried and
// what the client is told; so the vendors' words are read in one table, most specific first, and the HTTP
// status only decides what no word decided.
#include "provider/upstream_error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "provider/fields.h"

namespace baton::provider {
namespace {

using std::chrono::milliseconds;

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

std::string Lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

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

Code CodeOf(Fault fault) {
  switch (fault) {
    case Fault::kClientRequest:
    case Fault::kContentRefused:
      return Code::kUpstreamRejected;
    case Fault::kContextOverflow:
      return Code::kTooLarge;
    case Fault::kAuth:
    case Fault::kQuota:
    case Fault::kServer:
    case Fault::kOverloaded:
    case Fault::kTransport:
      return Code::kUnavailable;
    case Fault::kRateLimited:
      return Code::kRateLimited;
    case Fault::kMalformed:
      return Code::kBadUpstream;
    case Fault::kTimeout:
      return Code::kDeadline;
  }
  return Code::kUnavailable;
}

std::string_view DefaultMessage(Fault fault) {
  switch (fault) {
    case Fault::kClientRequest:
      return "The worker refused the request.";
    case Fault::kContextOverflow:
      return "The conversation is too long for the worker.";
    case Fault::kContentRefused:
      return "The worker's provider refused the content.";
    case Fault::kAuth:
      return "The worker does not accept its key; the operator must act.";
    case Fault::kQuota:
      return "The worker's account is out of credit; the operator must act.";
    case Fault::kRateLimited:
      return "The worker is rate limited.";
    case Fault::kOverloaded:
      return "The worker is overloaded.";
    case Fault::kServer:
      return "The worker failed.";
    case Fault::kMalformed:
      return "The worker's reply is not an answer.";
    case Fault::kTransport:
      return "The worker cannot be reached.";
    case Fault::kTimeout:
      return "The worker did not answer in time.";
  }
  return "The worker failed.";
}

bool KeyChar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '*' || c == '.';
}

// Long runs of key characters with a known prefix, or with digits and letters mixed: nothing a reader needs.
bool LooksLikeKey(std::string_view word) {
  for (const std::string_view prefix : {"sk-", "sk_", "AIza", "gsk_", "xai-", "hf_", "pk-", "rk-", "key-",
                                        "Bearer", "ya29.", "ghp_", "AKIA", "fk-", "r8_", "nvapi-"}) {
    if (word.starts_with(prefix) && word.size() > prefix.size() + 4) return true;
  }
  if (word.find("***") != std::string_view::npos) return true;  // already half masked
  // An unbroken run of letters and digits that no name has.
  int digits = 0, letters = 0;
  for (const char c : word) {
    if (c == '-' || c == '_' || c == '.') {
      digits = letters = 0;
      continue;
    }
    (c >= '0' && c <= '9' ? digits : letters) += 1;
    if (digits + letters >= 20 && digits >= 3 && letters >= 3) return true;
  }
  return false;
}

std::string MaskKeys(std::string_view text) {
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    if (!KeyChar(text[i])) {
      out += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && KeyChar(text[end])) ++end;
    std::string_view word = text.substr(i, end - i);
    std::size_t tail = 0;
    while (tail < word.size() && word[word.size() - 1 - tail] == '.') ++tail;  // end of a sentence
    if (LooksLikeKey(word.substr(0, word.size() - tail))) {
      out += "[key]";
      out.append(tail, '.');
    } else {
      out += word;
    }
    i = end;
  }
  return out;
}

milliseconds Bounded(double seconds) {
  constexpr double kDay = 86400;
  return milliseconds(static_cast<std::int64_t>(std::clamp(seconds, 0.0, kDay) * 1000));
}

std::optional<double> Number(std::string_view s) {
  double value = 0;
  const auto got = std::from_chars(s.data(), s.data() + s.size(), value);
  if (got.ec != std::errc() || got.ptr != s.data() + s.size() || !(value >= 0)) return {};
  return value;
}

// "Wed, 21 Oct 2026 07:28:00 GMT"
std::optional<std::time_t> HttpDate(std::string_view s) {
  std::tm tm{};
  const std::string text(s);
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &tm);
  if (!end) return {};
  return ::timegm(&tm);
}

bool LooksLikeHtml(std::string_view content_type, std::string_view body) {
  if (Lower(content_type).find("html") != std::string::npos) return true;
  const auto first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '<';
}

// The text of <title>, the only part of an error page worth a line.
std::string HtmlTitle(std::string_view body) {
  const std::string lower = Lower(body.substr(0, 4096));
  const auto open = lower.find("<title>");
  const auto close = lower.find("</title>");
  if (open == std::string::npos || close == std::string::npos || close < open) return {};
  return std::string(body.substr(open + 7, close - open - 7));
}

std::string Text(JsonView v) {
  if (v.is_string()) return std::string(v.str());
  return v.is_number() ? std::string(v.raw()) : std::string();
}

// {"error": ...}, {"detail": ...} (FastAPI), {"message": ...}, [{"error": ...}] (Google's streams).
ErrorBody ReadAnyShape(JsonView root) {
  if (root.is_array() && !root.empty()) root = *root.items().begin();
  if (const JsonView error = root["error"]; error.is_object() || error.is_string()) {
    ErrorBody body = ReadErrorBody(error);
    if (body.message.empty()) body.message = Text(root["message"]);
    return body;
  }
  ErrorBody body = ReadErrorBody(root);
  if (body.message.empty()) {
    const JsonView detail = root["detail"];
    body.message = detail.is_string() ? std::string(detail.str()) : std::string(detail.raw());
  }
  return body;
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

ErrorBody ReadErrorBody(JsonView error) {
  ErrorBody body;
  if (error.is_string()) {
    body.message = error.str();
    return body;
  }
  body.message = Text(error["message"]);
  body.type = Text(error["type"]);
  body.code = Text(error["code"]);
  body.param = Text(error["param"]);
  if (const std::string status = Text(error["status"]); !status.empty()) body.type = status;  // Google
  for (const auto detail : error["details"].items()) {
    const std::string_view type = detail["@type"].str();
    if (type.ends_with("RetryInfo")) body.retry_after = ParseRetryAfter(detail["retryDelay"].str());
    if (type.ends_with("ErrorInfo") && detail["reason"].is_string()) body.code = detail["reason"].str();
  }
  // Azure puts the real reason one level deeper.
  if (const JsonView inner = error["innererror"]["code"]; inner.is_string())
    body.type += " " + std::string(inner.str());
  // OpenRouter passes the provider's own words along.
  if (const JsonView raw = error["metadata"]["raw"]; raw.is_string())
    body.message += ": " + std::string(raw.str());
  return body;
}

Fault Classify(const ErrorBody& body, int status) {
  const std::string words = Lower(body.type + " " + body.code), message = Lower(body.message);
  for (const auto& rule : kWords) {
    const bool hit = words.find(rule.word) != std::string::npos ||
                     (rule.in_message && message.find(rule.word) != std::string::npos);
    if (hit && Allowed(rule.fault, status)) return rule.fault;
  }
  // In-band errors often carry the HTTP status as code.
  if (status == 0) {
    if (const auto n = Number(body.code); n && *n >= 400 && *n < 600) return ByStatus(static_cast<int>(*n));
  }
  return ByStatus(status);
}

Error UpstreamError(const ErrorBody& body, int status) {
  const Fault fault = Classify(body, status);
  Error e = Fail(CodeOf(fault), CleanMessage(body.message));
  if (e.message.empty()) e.message = DefaultMessage(fault);
  switch (fault) {
    case Fault::kContextOverflow:
      e.reason = "context_length_exceeded";
      break;
    case Fault::kContentRefused:
      e.reason = "content_filter";
      break;
    case Fault::kClientRequest:
      e.reason = CleanMessage(body.code.empty() ? body.type : body.code, 64);
      break;
    default:
      e.reason = "worker_" + std::string(FaultName(fault));
      break;
  }
  // The operator's account and key are no business of the client: say what it means, not what the vendor
  // wrote.
  if (fault == Fault::kAuth || fault == Fault::kQuota) e.message = DefaultMessage(fault);
  e.param = CleanMessage(body.param, 128);
  e.retry_after = body.retry_after;
  e.upstream_status = status;
  return e;
}

Failure ReadFailure(int status, std::string_view content_type, std::string_view retry_after,
                    std::string_view body) {
  ErrorBody read;
  const auto doc = JsonDoc::Parse(body, JsonDoc::Surrogates::kReplace);
  const bool json = doc && (doc->root().is_object() || doc->root().is_array());
  const bool blank = body.find_first_not_of(" \t\r\n") == std::string_view::npos;
  const bool html = !json && !blank && LooksLikeHtml(content_type, body);
  if (json) {
    read = ReadAnyShape(doc->root());
  } else if (html) {
    const std::string title = CleanMessage(HtmlTitle(body), 120);
    read.message = "The worker answered with a web page instead of an answer (HTTP " +
                   std::to_string(status) + ")" + (title.empty() ? "" : ": " + title) + ".";
  } else if (!blank) {
    read.message = body.substr(0, 2048);
  }
  Failure f;
  f.fault = Classify(read, status);
  f.error = UpstreamError(read, status);
  // A success status that is no answer, or a page where an API should be: somebody else answered.
  if (status < 400 || (html && (status == 404 || status == 405 || status == 400))) {
    f.fault = Fault::kMalformed;
    f.error.code = Code::kBadUpstream;
    f.error.reason = "malformed_reply";
    if (blank)
      f.error.message = "The worker answered with an empty body (HTTP " + std::to_string(status) + ").";
  }
  if (const auto header = ParseRetryAfter(retry_after)) f.error.retry_after = header;
  return f;
}

std::optional<milliseconds> ParseRetryAfter(std::string_view value,
                                            std::optional<std::chrono::system_clock::time_point> now) {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  if (value.empty()) return {};
  if (value.ends_with("ms")) {
    const auto n = Number(value.substr(0, value.size() - 2));
    return n ? std::optional(Bounded(*n / 1000)) : std::nullopt;
  }
  if (value.ends_with("s")) value.remove_suffix(1);  // google.rpc.Duration
  if (const auto n = Number(value)) return Bounded(*n);
  const auto date = HttpDate(value);
  if (!date || !now) return {};
  return Bounded(static_cast<double>(*date - std::chrono::system_clock::to_time_t(*now)));
}

std::string CleanMessage(std::string_view message, std::size_t limit) {
  std::string out;
  bool space = false;
  for (const char c : message.substr(0, limit * 2)) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) {
      space = !out.empty();
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  out = MaskKeys(out);
  if (out.size() > limit) out.resize(limit);
  // Not in the middle of a character, neither from our cut nor from the sender's.
  std::size_t tail = 0;
  while (tail < 4 && tail < out.size() &&
         (static_cast<unsigned char>(out[out.size() - 1 - tail]) & 0xC0) == 0x80)
    ++tail;
  if (tail < out.size()) {
    const auto lead = static_cast<unsigned char>(out[out.size() - 1 - tail]);
    const std::size_t need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (need != tail) out.resize(out.size() - 1 - tail + (need == 0 ? 1 : 0));
  }
  return out;
}

std::string StableCallId(std::string_view seed, std::int64_t choice, std::int64_t index) {
  std::uint64_t h =
      14695981039346656037ull;  // FNV-1a, then a finaliser: ids need to differ, not to be secret
  const auto mix = [&h](std::uint64_t byte) { h = (h ^ byte) * 1099511628211ull; };
  for (const char c : seed) mix(static_cast<unsigned char>(c));
  for (int i = 0; i < 8; ++i) mix(static_cast<std::uint64_t>(choice) >> (8 * i) & 0xFF);
  for (int i = 0; i < 8; ++i) mix(static_cast<std::uint64_t>(index) >> (8 * i) & 0xFF);
  constexpr char kAlphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string id = "call_";
  for (int i = 0; i < 24; ++i) {
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdull;
    id += kAlphabet[(h >> 40) % 62];
  }
  return id;
}

}  // namespace baton::provider
