// A worker that runs tools: an MCP session, with the pool's notions of fault and cost around it.
//
// A tool may have an effect, so nothing here is ever tried twice: a failure after the call was sent is marked
// `acted`, and the pool gives up instead of trying again. A model's own mistakes (bad arguments, unknown
// tools) are results that say so, because the model is the one who can mend them.
//
// Each loop has a session, and so a process, of its own: sessions hold state that must be touched by one
// thread only, and a tool worker that is too dear to run per core is better put behind HTTP.

#include <optional>
#include <utility>

#include "mcp/session.h"
#include "pool/create.h"
#include "pool/credential.h"
#include "pool/replay.h"
#include "pool/tool_answer.h"
#include "pool/tool_calls.h"

namespace baton::pool {
namespace {

using provider::Failure;
using provider::Fault;

// Whose fault; a code that the client would take for its own (401, 404) becomes the worker's.
Failure ToolFailure(Error error, const Worker& worker) {
  Fault fault = Fault::kServer;
  switch (error.code) {
    case Code::kInvalidRequest:
    case Code::kPermissionDenied:
      fault = Fault::kClientRequest;
      break;
    case Code::kCancelled:
      fault = Fault::kTransport;
      break;
    case Code::kDeadline:
      fault = Fault::kTimeout;
      break;
    case Code::kUnauthenticated:
      fault = Fault::kAuth;
      error.code = Code::kUnavailable;
      break;
    case Code::kOverloaded:
      fault = Fault::kOverloaded;
      break;
    case Code::kBadUpstream:
      fault = error.reason == "tool_error" ? Fault::kServer : Fault::kMalformed;
      break;
    case Code::kUnavailable:
      fault = error.reason.starts_with("tool_") ? Fault::kServer : Fault::kTransport;
      break;
    default:
      error.code = Code::kUnavailable;
      break;
  }
  Scrub(worker.key, &error.message);
  return {fault, std::move(error)};
}

mcp::Limits LimitsOf(const Worker& worker) {
  mcp::Limits limits;
  limits.call = worker.timeouts.whole;
  limits.start = std::max<Duration>(limits.start, worker.timeouts.connect);
  limits.max_calls = worker.max_concurrency;
  return limits;
}

mcp::Connector ConnectorOf(const Worker& worker, Loop& loop, net::Client& client, const Log& log) {
  if (!worker.command.empty()) {
    mcp::StdioOptions options;
    options.name = worker.name;
    options.process.argv = worker.command;
    for (const auto& [name, value] : worker.environment)
      options.process.env.emplace_back(name, EnvironmentValue(value));
    options.limits = LimitsOf(worker);
    options.log = log;
    return mcp::OverStdio(loop, std::move(options));
  }
  auto endpoint = EndpointOf(worker, {"Authorization", "Bearer "});
  if (!endpoint) {
    Error error =
        Fail(Code::kUnavailable, "worker '" + worker.name + "': " + endpoint.error().message, "bad_base_url");
    return [error]() -> Result<std::shared_ptr<mcp::Transport>> { return error; };
  }
  mcp::HttpOptions options;
  options.endpoint = std::move(*endpoint);
  options.name = worker.name;
  options.limits = LimitsOf(worker);
  options.connect = worker.timeouts.connect;
  options.log = log;
  return mcp::OverHttp(loop, client, std::move(options));
}

class ToolBackend : public Backend {
 public:
  ToolBackend(std::shared_ptr<const Worker> worker, Loop& loop, net::Client& client, const Log& log)
      : worker_(std::move(worker)), loop_(loop) {
    mcp::SessionOptions options;
    options.name = worker_->name;
    options.allow = worker_->tools;
    options.limits = LimitsOf(*worker_);
    options.log = log;
    session_ = mcp::Session::Create(loop, ConnectorOf(*worker_, loop, client, log), std::move(options));
  }
  ~ToolBackend() override { session_->Close(); }

  Task<AttemptResult> Chat(const Attempt& attempt) override;
  Task<EmbedResult> Embed(const chat::EmbedRequest& request, Deadline deadline, Cancel* cancel) override;
  Task<Result<std::vector<chat::Tool>>> Tools(Deadline deadline, Cancel* cancel) override {
    return session_->Tools(deadline, cancel);
  }
  Task<ToolCallResult> CallTool(const chat::ToolCall& call, Deadline deadline, Cancel* cancel) override;
  Result<std::vector<provider::Loss>> Explain(const chat::Request& request) const override {
    if (ToolCallsOf(request).empty()) return NoCall();
    return std::vector<provider::Loss>();
  }

 private:
  Error NoCall() const {
    return Fail(
        Code::kInvalidRequest,
        "worker '" + worker_->name +
            "' runs tools and nothing else: end with an assistant message that calls tools, or force one "
            "tool with tool_choice and give its arguments, a JSON object, as the last user message",
        "no_tool_call", "messages");
  }
  Task<void> RunAll(const std::vector<chat::ToolCall>& calls, const Attempt& attempt, ToolAnswer& answer,
                    AttemptResult* out);

  const std::shared_ptr<const Worker> worker_;
  Loop& loop_;
  std::shared_ptr<mcp::Session> session_;
};

Task<Backend::ToolCallResult> ToolBackend::CallTool(const chat::ToolCall& call, Deadline deadline,
                                                    Cancel* cancel) {
  const auto session = session_;
  mcp::Session::Called called = co_await session->CallTool(call, deadline, cancel);
  ToolCallResult out;
  out.sent = called.sent;
  if (called.result) {
    out.result = std::move(*called.result);
  } else {
    out.failure = ToolFailure(std::move(called.result).error(), *worker_);
  }
  co_return out;
}

// One after the other: a model that asks for two may mean the second to follow the first.
Task<void> ToolBackend::RunAll(const std::vector<chat::ToolCall>& calls, const Attempt& attempt,
                               ToolAnswer& answer, AttemptResult* out) {
  out->billable = 0;
  for (const auto& call : calls) {
    ToolCallResult called = co_await CallTool(call, attempt.deadline, attempt.cancel);
    out->billable += called.sent;
    out->sent |= called.sent;
    out->acted |= called.sent;
    if (called.failure) {
      out->failure = std::move(called.failure);
      co_return;
    }
    answer.Add(std::move(called.result));
  }
}

Task<AttemptResult> ToolBackend::Chat(const Attempt& attempt) {
  AttemptResult out;
  out.response.usage.known = true;  // no tokens: a failure costs none either
  const TimePoint began = loop_.Now();
  const std::vector<chat::ToolCall> calls = ToolCallsOf(*attempt.request);
  if (calls.empty()) {
    out.failure = Failure{Fault::kClientRequest, NoCall()};
    co_return out;
  }
  if (attempt.watch) attempt.watch->OnEncoded(out.losses, false, false);
  ToolAnswer answer(worker_->target.model, loop_.clock().UnixNanos() / 1'000'000'000,
                    attempt.sink != nullptr);
  co_await RunAll(calls, attempt, answer, &out);
  out.whole = loop_.Now() - began;
  if (out.failure) co_return out;
  out.first_byte_seen = true;
  out.to_first_byte = out.whole;
  if (attempt.watch) attempt.watch->OnFirstByte();
  out.response = answer.Take();
  if (attempt.sink) {
    for (chat::Event& e : AsEvents(out.response)) attempt.sink->Put(std::move(e));
    // A reader that leaves now changes nothing: the tools have run.
    (void)co_await attempt.sink->Flush();
  }
  co_return out;
}

Task<Backend::EmbedResult> ToolBackend::Embed(const chat::EmbedRequest&, Deadline, Cancel*) {
  EmbedResult out;
  out.failure =
      Failure{Fault::kClientRequest,
              Fail(Code::kUnsupported, "worker '" + worker_->name + "' runs tools: it makes no embeddings",
                   "no_embeddings")};
  co_return out;
}

}  // namespace

std::unique_ptr<Backend> CreateToolBackend(std::shared_ptr<const Worker> worker, Loop& loop,
                                           net::Client& client, Log log) {
  return std::make_unique<ToolBackend>(std::move(worker), loop, client, log);
}

}  // namespace baton::pool
