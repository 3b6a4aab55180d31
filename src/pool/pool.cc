// The pool on one loop: the list of workers, and a thin shell around the machinery.
//
// The way of a call, in file order:
//   pool.cc       Chat() / Embed(): looks the candidates up, runs the call, builds the outcome
//   retry.cc      RunCall(): the only retry loop; which candidate next, one budget end to end
//   call.cc       Prepare() takes slot, breaker's leave and money; Run() asks the worker once
//   gate.cc       keeps a failed start out of the client's stream, lets one try only through
//   hedge.cc      two tries at once, where the operator asked for it
//   settle.cc     Finish(): names the end, charges, reports to the breaker, writes the ledger row
//   decide.cc     done, again, next or give up: one ordered list
//   health.cc, slots.cc, shared.cc   what all loops know about a worker
// Below that, a Backend asks one worker once: http_backend.cc, local_backend.cc.
#include "pool/pool.h"

#include "pool/create.h"
#include "pool/operation.h"
#include "pool/retry.h"

namespace baton::pool {
namespace {

class PoolImpl : public Pool {
 public:
  explicit PoolImpl(PoolDeps deps)
      : parts_(*deps.loop, deps.seed, deps.log), workers_(std::move(deps.workers)) {
    if (!deps.shared) deps.shared = CreateSharedWorkers(deps.log);
    const auto shared = deps.shared->Adopt(workers_);
    parts_.ResolveMetrics(deps.metrics);
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      auto live = std::make_unique<LiveWorker>();
      live->worker = workers_[i];
      live->shared = shared[i];
      live->backend = deps.backend(workers_[i]);
      if (deps.purse) live->purse = deps.purse(*workers_[i]);
      live->ResolveMetrics(deps.metrics);
      parts_.roster.Add(std::move(live));
    }
  }

  Task<CallOutcome> Chat(const CallSpec& spec, CallObserver* observer) override {
    ChatOperation operation(spec, observer, spec.idempotency_key.empty() ? NewKey() : spec.idempotency_key);
    Call call(parts_, operation, spec.candidates);
    call.lease = spec.lease;
    call.cancel = spec.cancel;
    call.input_tokens = spec.input_tokens;
    call.retry = spec.retry;
    CallEnd end = co_await RunCall(call);
    CallOutcome out;
    out.worker = end.live ? end.live->worker.get() : nullptr;
    out.calls = std::move(call.records);
    out.losses = std::move(end.result.losses);
    out.passthrough = end.result.passthrough;
    out.injected_usage = end.result.injected_usage;
    out.delivered = end.result.delivered;
    if (end.error) {
      out.response = std::move(*end.error);
      if (out.delivered) out.partial = std::move(end.result.response);
    } else {
      out.response = std::move(end.result.response);
    }
    co_return std::move(out);
  }

  Task<EmbedOutcome> Embed(const chat::EmbedRequest& request, std::vector<const Worker*> candidates,
                           budget::Lease* lease, std::int64_t input_tokens, Cancel* cancel) override {
    EmbedOperation operation(request);
    Call call(parts_, operation, candidates);
    call.lease = lease;
    call.cancel = cancel;
    call.input_tokens = input_tokens;
    CallEnd end = co_await RunCall(call);
    EmbedOutcome out;
    out.worker = end.live ? end.live->worker.get() : nullptr;
    out.calls = std::move(call.records);
    out.losses = std::move(end.result.losses);
    if (end.error) {
      out.response = std::move(*end.error);
    } else {
      operation.answer().usage = end.result.response.usage;
      out.response = std::move(operation.answer());
    }
    co_return std::move(out);
  }

  Task<Result<std::vector<chat::Tool>>> Tools(const Worker& worker, Cancel* cancel) override {
    LiveWorker* w = parts_.roster.Find(&worker);
    if (!w)
      co_return Fail(Code::kNotFound, "worker '" + worker.name + "' is not in this pool", "unknown_worker");
    co_return co_await w->backend->Tools(Deadline(parts_.loop.Now() + worker.timeouts.whole), cancel);
  }

  Task<Result<chat::ToolResult>> CallTool(const Worker& worker, const chat::ToolCall& call,
                                          budget::Lease* lease, Deadline deadline, Cancel* cancel,
                                          CallRecord* record) override {
    ToolOperation operation(call);
    const std::vector<const Worker*> one = {&worker};
    Call c(parts_, operation, one);
    c.lease = lease;
    c.until = deadline;
    c.cancel = cancel;
    c.retry.budget = 0;
    CallEnd end = co_await RunCall(c);
    if (record && !c.records.empty()) {
      c.records.back().why = record->why.empty() ? "tool " + call.name : std::move(record->why);
      *record = std::move(c.records.back());
    }
    if (end.error) co_return std::move(*end.error);
    co_return std::move(operation.result());
  }

  Loop& loop() override { return parts_.loop; }
  const std::vector<std::shared_ptr<const Worker>>& workers() const override { return workers_; }

  const Worker* Find(std::string_view name) const override {
    const LiveWorker* w = parts_.roster.Find(name);
    return w ? w->worker.get() : nullptr;
  }

  bool Available(const Worker& worker) const override {
    const LiveWorker* w = parts_.roster.Find(&worker);
    return w && w->shared->health.WouldAdmit(parts_.loop.Now()) && !w->shared->slots.Full();
  }

  std::vector<WorkerStatus> Status() const override {
    std::vector<WorkerStatus> out;
    for (const auto& w : parts_.roster.all()) {
      WorkerStatus& s = out.emplace_back();
      s.name = w->worker->name;
      w->shared->health.Describe(parts_.loop.Now(), &s);
      const Slots::Load load = w->shared->slots.load();
      s.running = load.running;
      s.waiting = load.waiting;
    }
    return out;
  }

  Result<std::vector<provider::Loss>> Explain(const Worker& worker,
                                              const chat::Request& request) const override {
    const LiveWorker* w = parts_.roster.Find(&worker);
    if (!w)
      return Fail(Code::kNotFound, "worker '" + worker.name + "' is not in this pool", "unknown_worker");
    return w->backend->Explain(request);
  }

 private:
  // 128 bits: two calls never share one. By hand, because it happens on every request.
  std::string NewKey() {
    std::string key = "baton-00000000000000000000000000000000";
    for (std::size_t at = key.size(); at > 6;) {
      std::uint64_t bits = parts_.random.Next();
      for (int i = 0; i < 16; ++i, bits >>= 4) key[--at] = "0123456789abcdef"[bits & 15];
    }
    return key;
  }

  Parts parts_;
  std::vector<std::shared_ptr<const Worker>> workers_;
};

}  // namespace

std::string_view BreakerName(BreakerState s) {
  switch (s) {
    case BreakerState::kClosed:
      return "closed";
    case BreakerState::kOpen:
      return "open";
    case BreakerState::kHalfOpen:
      return "half_open";
  }
  return "closed";
}

std::unique_ptr<Pool> CreatePool(PoolDeps deps) {
  return std::make_unique<PoolImpl>(std::move(deps));
}

}  // namespace baton::pool
