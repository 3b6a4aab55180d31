// The one workflow of this version: ask the route's workers in order until one answers.
//
// A route proposes, the permit disposes: whatever made the route, each candidate is checked against the
// permit here, at the moment of the call, and one that may not see this request is never asked.
#include "workflow/run.h"

#include <algorithm>

namespace baton::workflow {
namespace {

constexpr std::int64_t kCharsPerToken = 4;

std::vector<const pool::Worker*> Allowed(const rails::Permit& permit, const route::Route& route) {
  std::vector<const pool::Worker*> out;
  out.reserve(route.candidates().size());
  for (const pool::Worker* w : route.candidates()) {
    if (w && permit.Allows(*w)) out.push_back(w);
  }
  return out;
}

Error NobodyAllowed(const route::Route& route) {
  return Fail(Code::kPermissionDenied,
              "route '" + route.name() +
                  "' names only workers that may not see this request: change the rule, or "
                  "allow the data class for one of its workers",
              "policy_violation");
}

std::int64_t EstimateTokens(const chat::EmbedRequest& request) {
  std::size_t chars = 0, tokens = 0;
  for (const std::string& text : request.texts) chars += text.size();
  for (const auto& ids : request.tokens) tokens += ids.size();
  return static_cast<std::int64_t>(tokens) +
         (static_cast<std::int64_t>(chars) + kCharsPerToken - 1) / kCharsPerToken;
}

}  // namespace

Task<Trace> Runner::Run(rails::Permit& permit, const route::Route& route, const chat::Request& request,
                        std::int64_t input_tokens, pool::Pool& pool, chat::Sink* sink,
                        pool::CallObserver* observer, Cancel* cancel) const {
  Trace trace;
  pool::CallSpec spec;
  spec.request = &request;
  spec.candidates = Allowed(permit, route);
  if (spec.candidates.empty()) {
    trace.answer_ = NobodyAllowed(route);
    co_return trace;
  }
  spec.sink = sink;
  spec.lease = &permit.lease();
  spec.input_tokens = input_tokens;
  spec.cancel = cancel;
  spec.retry = retry_;
  pool::CallOutcome outcome = co_await pool.Chat(spec, observer);
  trace.answer_ = std::move(outcome.response);
  trace.worker_ = outcome.worker;
  trace.losses_ = std::move(outcome.losses);
  trace.passthrough_ = outcome.passthrough;
  trace.injected_usage_ = outcome.injected_usage;
  trace.delivered_ = outcome.delivered;
  Step& step = trace.steps_.emplace_back();
  step.calls = std::move(outcome.calls);
  co_return trace;
}

Task<pool::Pool::EmbedOutcome> Runner::Embed(rails::Permit& permit, const route::Route& route,
                                             const chat::EmbedRequest& request, pool::Pool& pool,
                                             Cancel* cancel) const {
  std::vector<const pool::Worker*> candidates = Allowed(permit, route);
  if (candidates.empty()) {
    pool::Pool::EmbedOutcome out;
    out.response = NobodyAllowed(route);
    co_return out;
  }
  pool::Pool::EmbedOutcome out =
      co_await pool.Embed(request, std::move(candidates), &permit.lease(), EstimateTokens(request), cancel);
  co_return out;
}

}  // namespace baton::workflow
