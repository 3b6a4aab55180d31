#include "api/api.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "api/admit.h"
#include "api/call.h"
#include "api/rate_headers.h"
#include "base/ids.h"

namespace baton::api {
namespace {

struct Endpoint {
  std::string_view method;
  std::string_view path;  // a trailing '/' takes the rest of the path as argument
  Task<void> (*handle)(Call&, std::string_view);
  Need need;
};

// The whole public surface, in one list.
constexpr std::array kEndpoints = {
    Endpoint{"POST", "/v1/chat/completions", HandleChat, Need::kChat},
    Endpoint{"POST", "/v1/embeddings", HandleEmbeddings, Need::kEmbeddings},
    Endpoint{"POST", "/v1/feedback", HandleFeedback, Need::kExchanges},
    Endpoint{"GET", "/v1/models", HandleModels, Need::kModels},
    Endpoint{"GET", "/v1/models/", HandleModels, Need::kModels},
    Endpoint{"POST", "/v1/route", HandleRoute, Need::kRoute},
    Endpoint{"GET", "/v1/exchanges/", HandleExchange, Need::kExchanges},
    Endpoint{"GET", "/v1/cases/", HandleClientCase, Need::kCases},
    Endpoint{"GET", "/healthz", HandleHealth, Need::kNothing},
    Endpoint{"GET", "/readyz", HandleReady, Need::kNothing},
    Endpoint{"GET", "/metrics", HandleMetrics, Need::kViewer},
    Endpoint{"GET", "/openapi.json", HandleOpenApi, Need::kModels},
    Endpoint{"GET", "/", HandleIndex, Need::kModels},
    Endpoint{"GET", "/admin/pool", HandlePool, Need::kViewer},
    Endpoint{"GET", "/admin/tools/", HandleTools, Need::kViewer},
    Endpoint{"GET", "/admin/policies", HandlePolicies, Need::kAuditor},
    Endpoint{"POST", "/admin/policies", HandlePolicyInstall, Need::kOperator},
    Endpoint{"POST", "/admin/policies/", HandlePolicyStep, Need::kOperator},
    Endpoint{"POST", "/admin/reload", HandleReload, Need::kOperator},
    Endpoint{"POST", "/admin/erase", HandleErase, Need::kOwner},
    Endpoint{"POST", "/admin/costs", HandleCosts, Need::kOperator},
    Endpoint{"GET", "/admin/cases", HandleCases, Need::kAuditor},
    Endpoint{"GET", "/admin/cases/", HandleCase, Need::kAuditor},
    Endpoint{"POST", "/admin/cases/", HandleCaseAction, Need::kOperator},
    Endpoint{"GET", "/admin/tenants", HandleTenants, Need::kAuditor},
    Endpoint{"GET", "/admin/keys", HandleKeys, Need::kAuditor},
    Endpoint{"POST", "/admin/keys", HandleKeyCreate, Need::kOperator},
    Endpoint{"POST", "/admin/keys/", HandleKeyAction, Need::kOperator},
    Endpoint{"GET", "/admin/budgets", HandleBudgets, Need::kAuditor},
    Endpoint{"POST", "/admin/budgets", HandleBudgetAdjust, Need::kOwner},
};

bool Matches(const Endpoint& e, std::string_view path) {
  if (path == e.path) return e.path.size() == 1 || !e.path.ends_with('/');
  return e.path.size() > 1 && e.path.ends_with('/') && path.starts_with(e.path) &&
         path.size() > e.path.size();
}

Error NotAllowed(const net::Request& request, std::string_view allowed) {
  return Fail(Code::kInvalidRequest,
              fmt::format("{} is not allowed on {}; use {}", request.method, request.path, allowed),
              "method_not_allowed");
}

// A reason may quote what people and models wrote; a header takes printable ASCII only.
std::string HeaderSafe(std::string_view text) {
  std::string out(text.substr(0, 300));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

}  // namespace

// Handles to the counters of one endpoint, found once; a request adds without looking anything up.
struct Api::EndpointMetrics {
  Metrics* registry;
  // Keys point at kEndpoints' paths and at literals.
  std::map<std::pair<std::string_view, int>, std::pair<Counter, Histogram>> of;
  std::uint64_t requests = 0;
};

Api::Api(ApiDeps deps) : deps_(std::move(deps)), metrics_(std::make_shared<EndpointMetrics>()) {
  metrics_->registry = deps_.metrics;
}

void Api::Count(std::string_view endpoint, int status, TimePoint received) {
  const auto key = std::make_pair(endpoint, status);
  auto at = metrics_->of.find(key);
  if (at == metrics_->of.end()) {
    const Labels labels = {{"endpoint", std::string(endpoint)}, {"status", std::to_string(status)}};
    at = metrics_->of
             .emplace(key, std::make_pair(
                               deps_.metrics->GetCounter("baton_requests_total", "Requests answered", labels),
                               deps_.metrics->GetHistogram("gen_ai_server_request_duration_seconds",
                                                           "Time to the end of the reply",
                                                           {0.001, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64,
                                                            1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92},
                                                           {{"endpoint", std::string(endpoint)}})))
             .first;
  }
  at->second.first.Add();
  at->second.second.Observe(std::chrono::duration<double>(deps_.loop->clock().Now() - received).count());
}

Task<void> Api::Handle(net::Request& request, net::Reply& reply) {
  Call call{deps_, request, reply, {}, 0, nullptr, std::nullopt};
  call.request_id =
      fmt::format("req_{:016x}{:04x}", static_cast<std::uint64_t>(deps_.loop->clock().UnixNanos()),
                  ++metrics_->requests & 0xffff);
  const Endpoint* found = nullptr;
  std::string allowed;
  for (const auto& e : kEndpoints) {
    if (!Matches(e, request.path)) continue;
    if (e.method == request.method || (e.method == "GET" && request.method == "HEAD")) {
      found = &e;
      break;
    }
    allowed = allowed.empty() ? std::string(e.method) : allowed + ", " + std::string(e.method);
  }
  if (!found) {
    const Error error = allowed.empty()
                            ? Fail(Code::kNotFound,
                                   fmt::format("no such path: {} {}; GET /openapi.json lists what there is",
                                               request.method, request.path),
                                   "unknown_path")
                            : NotAllowed(request, allowed);
    co_await call.SendError(error);
  } else {
    const Status admitted = co_await Admit(call, found->need);
    if (admitted) {
      const std::string_view arg = found->path.ends_with('/') && found->path.size() > 1
                                       ? request.path.substr(found->path.size())
                                       : std::string_view();
      co_await found->handle(call, arg);
    } else {
      co_await call.SendError(admitted.error());
    }
  }
  Count(found ? found->path : "other", call.status, request.received);
}

std::string Call::Actor(std::string_view by) const {
  if (!principal) return std::string(by.empty() ? "local" : by);
  const std::string who = principal->key == "token" ? "user " + principal->user : "key " + principal->key;
  return by.empty() ? who : fmt::format("{}, as {}", who, by);
}

exchange::Envelope Call::MakeEnvelope(rails::Controls controls) const {
  exchange::Envelope envelope;
  envelope.caller.peer = request.peer;
  if (principal) {
    envelope.caller.tenant = principal->tenant;
    envelope.caller.principal = principal;
  }
  envelope.controls = std::move(controls);
  const std::string_view theirs = request.Header("x-client-request-id");
  envelope.request_id = theirs.empty() || theirs.size() > 128 ? request_id : std::string(theirs);
  envelope.received = request.received;
  return envelope;
}

net::HeaderList Call::Headers(std::string_view content_type) const {
  net::HeaderList headers;
  headers.reserve(16);
  headers.emplace_back("content-type", content_type);
  headers.emplace_back("x-request-id", request_id);
  headers.emplace_back("openai-version", "2020-10-01");
  const auto passed = deps.loop->clock().Now() - request.received;
  headers.emplace_back("openai-processing-ms",
                       std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(passed).count()));
  if (principal) AddRateHeaders(*principal, deps.loop->clock().Now(), headers);
  return headers;
}

const std::string& Call::tenant() const {
  static const std::string kLocal = "local";
  return principal ? principal->tenant : kLocal;
}

bool Call::MaySee(const std::string& whose) const {
  return !principal || principal->tenant == whose || principal->role >= access::Role::kAuditor;
}

Task<void> Call::SendText(int code, std::string_view content_type, std::string body) {
  status = code;
  const net::HeaderList headers = Headers(content_type);
  [[maybe_unused]] const Status sent = co_await reply.Send(code, headers, body);
}

Task<void> Call::SendJson(int code, std::string body) {
  co_await SendText(code, "application/json", std::move(body));
}

Task<void> Call::SendError(const Error& error) {
  const ErrorReply described = Describe(error);
  status = error.reason == "method_not_allowed" ? 405 : described.status;
  net::HeaderList headers = Headers("application/json");
  AddErrorHeaders(error, headers);
  const std::string body = ErrorBody(error);
  [[maybe_unused]] const Status sent = co_await reply.Send(status, headers, body);
}

void AddHeading(const exchange::Heading& heading, net::HeaderList& headers) {
  headers.emplace_back("x-baton-exchange", FormatExchangeId(heading.id));
  if (!heading.route.empty()) headers.emplace_back("x-baton-route", heading.route);
  if (!heading.worker.empty()) headers.emplace_back("x-baton-worker", heading.worker);
  headers.emplace_back(
      "x-baton-overhead-us",
      std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(heading.overhead).count()));
  if (!heading.losses.empty()) headers.emplace_back("x-baton-loss", heading.losses);
  if (!heading.degraded.empty()) headers.emplace_back("x-baton-degraded", HeaderSafe(heading.degraded));
}

std::pair<std::string, std::string> ErrorPage(int status, std::string_view reason, std::string_view message) {
  return {ErrorBody(ErrorForStatus(status, reason, message)), "application/json"};
}

}  // namespace baton::api
