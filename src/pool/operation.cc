#include "pool/operation.h"

#include <algorithm>

#include "pool/hedge.h"
#include "pool/tool_calls.h"

namespace baton::pool {

Task<AttemptResult> ChatOperation::Ask(Try& t) {
  Gate::To to;
  to.loop = &t.call.parts.loop;
  to.sink = spec_.sink;
  to.worker = t.live.worker.get();
  to.observer = observer_;
  to.started = t.started;
  if (t.race) {
    to.claim = [&t] { return t.race->Claim(t); };
    to.on_first_byte = [&t] { t.race->changed.Set(); };
  }
  t.gate.emplace(std::move(to));
  Attempt& a = t.attempt;
  a.request = spec_.request;
  a.sink = spec_.sink ? &*t.gate : nullptr;
  a.deadline = t.deadline;
  a.cancel = t.cancel();
  a.watch = &*t.gate;
  a.idempotency_key = key_;
  return t.live.backend->Chat(a);
}

int ChatOperation::Billable(const Worker& worker) const {
  return worker.dialect == "tool" ? static_cast<int>(ToolCallsOf(*spec_.request).size()) : 1;
}

std::int64_t ChatOperation::MaxOutput(const Worker& worker) const {
  if (worker.dialect == "tool") return 0;  // it writes no tokens
  const std::int64_t each = spec_.request->max_tokens.value_or(worker.target.max_output);
  const std::int64_t answers = std::clamp<std::int64_t>(spec_.request->n.value_or(1), 1, 1024);
  std::int64_t all = 0;
  if (__builtin_mul_overflow(std::max<std::int64_t>(each, 0), answers, &all)) return INT64_MAX / 2;
  return std::min(all, INT64_MAX / 2);
}

Task<AttemptResult> EmbedOperation::Ask(Try& t) {
  const TimePoint began = t.started;
  Backend::EmbedResult e = co_await t.live.backend->Embed(request_, t.deadline, t.cancel());
  AttemptResult r;
  r.sent = e.sent;
  r.first_byte_seen = !e.failure;
  r.losses = std::move(e.losses);
  r.response.usage = e.response.usage;
  r.whole = t.call.parts.loop.Now() - began;
  if (e.failure) {
    r.failure = std::move(e.failure);
  } else {
    r.to_first_byte = r.whole;
    answer_ = std::move(e.response);
  }
  co_return r;
}

Task<AttemptResult> ToolOperation::Ask(Try& t) {
  const TimePoint began = t.started;
  Backend::ToolCallResult called = co_await t.live.backend->CallTool(call_, t.deadline, t.cancel());
  AttemptResult r;
  r.sent = r.acted = called.sent;
  r.first_byte_seen = !called.failure;
  r.response.usage.known = true;
  r.whole = t.call.parts.loop.Now() - began;
  if (called.failure) {
    r.failure = std::move(called.failure);
  } else {
    r.to_first_byte = r.whole;
    result_ = std::move(called.result);
  }
  co_return r;
}

}  // namespace baton::pool
