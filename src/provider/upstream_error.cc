#include "provider/upstream_error.h"

#include "provider/fields.h"
#include "provider/retry_after.h"
#include "provider/text.h"

namespace baton::provider {
namespace {

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

bool LooksLikeHtml(std::string_view content_type, std::string_view body) {
  if (LowerAscii(content_type).find("html") != std::string::npos) return true;
  const auto first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '<';
}

// The text of <title>, the only part of an error page worth a line.
std::string HtmlTitle(std::string_view body) {
  const std::string lower = LowerAscii(body.substr(0, 4096));
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

}  // namespace baton::provider
