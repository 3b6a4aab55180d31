#include "pool/call.h"

#include <algorithm>

#include "pool/settle.h"

namespace baton::pool {
namespace {

constexpr std::size_t kMaxPassedOver = 600;  // characters of explanation in an error

constexpr std::string_view kEventNames[kEvents] = {
    "answered",        "gave_up",         "retried",         "fell_back",    "hedged",
    "hedge_won",       "hedge_refused",   "skipped_breaker", "skipped_full", "skipped_budget",
    "skipped_context", "skipped_unknown", "queue_timeout",   "no_worker",
};

bool TakeLeave(Try& t, TimePoint now) {
  auto ticket = t.live.shared->health.Admit(now);
  if (!ticket) return false;
  t.ticket.emplace(std::move(*ticket));
  return true;
}

bool TakeMoney(Try& t) {
  Call& c = t.call;
  const Worker& w = *t.live.worker;
  const std::int64_t output = c.operation.MaxOutput(w);
  t.price = w.prices.At(c.parts.loop.clock().UnixNanos() / 1'000'000'000);
  // An unpriced worker reserves no money: its cost is unknown, and the row says so.
  budget::Nanos worst = t.price ? budget::WorstCase(*t.price, c.input_tokens, output) : budget::Nanos{};
  if (t.price) worst += budget::PerCall(*t.price, c.operation.Billable(w));
  // The worker's own budget first: it is the one that most likely has nothing left.
  if (auto funds = budget::OpenPurse(t.live.purse, c.parts.loop.clock())) {
    t.worker_lease = std::make_unique<budget::Lease>(budget::Ceiling{}, std::move(funds));
    auto hold = t.worker_lease->Reserve(worst, c.input_tokens + output);
    if (!hold) {
      c.over_budget = std::move(hold).error();
      return false;
    }
    t.worker_hold.emplace(std::move(*hold));
  }
  if (!c.lease) return true;
  auto hold = c.lease->Reserve(worst, c.input_tokens + output);
  if (!hold) {
    c.over_budget = std::move(hold).error();
    return false;
  }
  t.hold.emplace(std::move(*hold));
  return true;
}

void GiveBack(Try& t) {
  t.hold.reset();
  t.worker_hold.reset();
  t.ticket.reset();
  t.slot.reset();
}

// With a slot in hand: the rest.
Ready TakeRest(Try& t, bool quiet) {
  const TimePoint now = t.call.parts.loop.Now();
  const Health& health = t.live.shared->health;
  if (!TakeLeave(t, now)) {
    GiveBack(t);
    if (!quiet) {
      const TimePoint at = health.ReadyAt(now);
      t.call.ready_at = std::min(t.call.ready_at.value_or(at), at);
      t.call.PassOver(*t.live.worker, Event::kSkippedBreaker, health.Refusal(now));
    }
    return Ready::kNo;
  }
  if (!TakeMoney(t)) {
    GiveBack(t);
    if (!quiet)
      t.call.PassOver(*t.live.worker, Event::kSkippedBudget, "its worst case does not fit the budget");
    return Ready::kNo;
  }
  return Ready::kYes;
}

}  // namespace

void Parts::ResolveMetrics(Metrics* metrics) {
  if (!metrics) return;
  for (std::size_t i = 0; i < kEvents; ++i) {
    decisions[i] = metrics->GetCounter("baton_pool_decisions_total", "What the pool decided, by kind",
                                       {{"decision", std::string(kEventNames[i])}});
  }
}

bool Call::Considered(std::size_t candidate) const {
  return candidate < next ||
         std::find(asked_early.begin(), asked_early.end(), candidate) != asked_early.end();
}

bool Call::LargeEnough(const Worker& worker) const {
  return !overflowed || worker.context == 0 || too_small == 0 || worker.context > too_small;
}

void Call::PassOver(const Worker& worker, Event event, std::string_view why) {
  parts.Note(event);
  only_over_budget &= event == Event::kSkippedBudget;
  only_full &= event == Event::kSkippedFull || event == Event::kQueueTimeout;
  if (passed_over.size() > kMaxPassedOver) return;
  passed_over += passed_over.empty() ? "" : "; ";
  passed_over.append(worker.name).append(": ").append(why);
}

Ready Prepare(Try& t, bool quiet) {
  SharedWorker& shared = *t.live.shared;
  t.began = t.call.parts.loop.Now();
  if (auto slot = shared.slots.TryTake()) {
    t.slot.emplace(std::move(*slot));
    return TakeRest(t, quiet);
  }
  // Nobody queues for a worker that would not be asked anyway.
  if (!shared.health.WouldAdmit(t.began)) return TakeRest(t, quiet);
  if (!shared.slots.Full()) return Ready::kBusy;
  if (!quiet) t.call.PassOver(*t.live.worker, Event::kSkippedFull, "busy, and its queue is full");
  return Ready::kNo;
}

Task<Ready> PrepareWaiting(Try& t) {
  Call& c = t.call;
  const Deadline wait = c.deadline().Earlier(Deadline(t.began + t.live.worker->timeouts.whole));
  Result<Slots::Slot> slot = co_await t.live.shared->slots.Take(c.parts.loop, wait, c.cancel);
  if (!slot) {
    const bool full = slot.error().code == Code::kOverloaded;
    c.PassOver(*t.live.worker, full ? Event::kSkippedFull : Event::kQueueTimeout,
               full ? "busy, and its queue is full" : "busy, and no slot came free in time");
    co_return Ready::kNo;
  }
  t.slot.emplace(std::move(*slot));
  if (c.cancel && c.cancel->fired()) {
    GiveBack(t);
    co_return Ready::kNo;
  }
  co_return TakeRest(t, false);
}

Task<void> Run(Try& t) {
  Call& c = t.call;
  const Worker& w = *t.live.worker;
  t.started = c.parts.loop.Now();
  t.deadline = c.deadline().Earlier(Deadline(t.started + w.timeouts.whole));
  t.record = c.records.size();
  CallRecord& record = c.records.emplace_back();
  record.worker = w.name;
  record.provider_model = w.target.model;
  record.why = std::move(t.why);
  record.start_unix_ns = c.parts.loop.clock().UnixNanos();
  record.queued = t.started - t.began;
  t.live.in_flight.Add(1);
  if (t.hold) t.hold->Launch();
  if (t.worker_hold) t.worker_hold->Launch();
  t.result = co_await c.operation.Ask(t);
  if (t.gate && !t.result.failure) {
    const bool late = !t.gate->open();
    if (!t.gate->Release()) {
      t.result.failure = provider::Failure{provider::Fault::kServer, LostRace()};
    } else if (late && t.gate->delivered()) {
      // The answer is whole; a reader that leaves now changes nothing about that.
      (void)co_await t.gate->Flush();
    }
  }
  t.live.in_flight.Add(-1);
  Finish(t);
}

}  // namespace baton::pool
