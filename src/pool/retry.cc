#include "pool/retry.h"

#include <algorithm>

#include "pool/decide.h"
#include "pool/hedge.h"

namespace baton::pool {
namespace {

bool CalledOff(const Call& c) {
  return c.cancel && c.cancel->fired();
}
bool OutOfTime(const Call& c) {
  return c.deadline().Passed(c.parts.loop.Now());
}

// Which candidate the next try goes to, and why; kept between tries.
struct Plan {
  std::string why = "first choice";
  std::size_t at = 0;
  bool repeat = false;  // the same candidate once more
  int repeated = 0;     // how often that one was asked again
};

// Makes a try of the candidate whose turn it is. False: none is left.
bool Choose(Call& c, Plan& plan, std::optional<Try>& t) {
  if (plan.repeat) {
    plan.repeat = false;
    t.emplace(c, plan.at, *c.At(plan.at));
    t->why = plan.why;
    return true;
  }
  for (; c.next < c.candidates.size(); ++c.next) {
    if (c.Considered(c.next)) continue;
    LiveWorker* live = c.At(c.next);
    if (!live) {
      c.PassOver(*c.candidates[c.next], Event::kSkippedUnknown, "not in this pool");
    } else if (!c.LargeEnough(*live->worker)) {
      c.PassOver(*live->worker, Event::kSkippedContext, "its context is too small");
    } else {
      plan.at = c.next++;
      plan.repeated = 0;
      t.emplace(c, plan.at, *live);
      const bool skipped = c.records.empty() && !c.passed_over.empty();
      t->why = skipped ? "fallback: " + c.passed_over : plan.why;
      return true;
    }
  }
  return false;
}

// Whether a candidate is left that would take the call at this moment.
bool Another(const Call& c) {
  const TimePoint now = c.parts.loop.Now();
  for (std::size_t at = c.next; at < c.candidates.size(); ++at) {
    const LiveWorker* w = c.At(at);
    if (w && !c.Considered(at) && c.LargeEnough(*w->worker) && w->shared->health.WouldAdmit(now) &&
        !w->shared->slots.Full()) {
      return true;
    }
  }
  return false;
}

Facts FactsOf(Call& c, const Try& t) {
  Facts f;
  f.failure = t.result.failure ? &*t.result.failure : nullptr;
  if (!f.failure) return f;
  f.acted = t.result.acted;
  f.delivered = t.delivered();
  f.cancelled = CalledOff(c) || f.failure->error.code == Code::kCancelled;
  f.out_of_time = OutOfTime(c);
  f.sent = t.result.sent;
  f.tries_left = c.tries_left;
  f.short_wait = c.retry.short_wait;
  if (f.failure->fault == provider::Fault::kContextOverflow) {
    c.overflowed = true;
    c.too_small = std::max(c.too_small, t.live.worker->context);
  }
  f.another = Another(c);
  return f;
}

// Time until the same worker may be asked again; nullopt: longer than anybody should wait here.
std::optional<Duration> Pause(Call& c, const LiveWorker& w, const Plan& plan, const Error& error) {
  const TimePoint now = c.parts.loop.Now();
  Duration wait = BackOff(c.retry, plan.repeated, error, c.parts.random);
  wait = std::max(wait, w.shared->health.ReadyAt(now) - now);
  if (wait > std::max(c.retry.max_backoff, c.retry.short_wait)) return std::nullopt;
  // A step that cannot finish is not started.
  if (wait >= c.deadline().Left(now)) return std::nullopt;
  return wait;
}

// Nobody answered and nobody failed: says why nobody was asked.
Error NobodyAsked(Call& c) {
  if (CalledOff(c)) {
    if (c.cancel->why() != Cancel::Why::kDeadline) {
      return Fail(Code::kCancelled, "the client left before a worker was asked", "client_gone");
    }
    return Fail(Code::kDeadline, "the request's time ran out before a worker was asked", "deadline");
  }
  if (OutOfTime(c)) {
    return Fail(Code::kDeadline,
                "the request's time ran out before a worker was free (" + c.passed_over + ")", "deadline");
  }
  if (c.over_budget && c.only_over_budget) return std::move(*c.over_budget);
  c.parts.Note(Event::kNoWorker);
  const bool full = c.only_full && !c.passed_over.empty();
  Error e = Fail(full ? Code::kOverloaded : Code::kUnavailable,
                 "no worker can take this request now, try again later (" + c.passed_over + ")",
                 "no_worker_available");
  const TimePoint now = c.parts.loop.Now();
  const Duration wait = std::max<Duration>(c.ready_at.value_or(now) - now, std::chrono::seconds(1));
  e.retry_after = std::chrono::ceil<std::chrono::milliseconds>(wait);
  return e;
}

// Keeps what the deciding try leaves behind; the try itself ends with its round.
void Keep(Call& c, Try& t, CallEnd* end) {
  end->live = &t.live;
  end->error.reset();
  if (t.result.failure) end->error = t.result.failure->error;
  c.records[t.record].winner = t.answered() || t.delivered();
  end->result = std::move(t.result);
}

enum class Turn { kEnd, kAgain };

// Carries a decision out; kAgain with the plan for the next round.
Task<Turn> Follow(Call& c, Decision d, Plan& plan, CallEnd& end) {
  switch (d.next) {
    case Next::kDone:
      c.parts.Note(Event::kAnswered);
      co_return Turn::kEnd;
    case Next::kGiveUp:
      c.parts.Note(Event::kGaveUp);
      co_return Turn::kEnd;
    case Next::kFallBack:
      c.parts.Note(Event::kFellBack);
      if (end.error->code != Code::kUnsupported) --c.tries_left;
      plan.why = "fallback: " + end.live->worker->name + " " + std::string(end.error->Name());
      co_return Turn::kAgain;
    case Next::kRetrySame:
      break;
  }
  const auto pause = Pause(c, *end.live, plan, *end.error);
  if (!pause) {
    c.parts.Note(Event::kGaveUp);
    co_return Turn::kEnd;
  }
  c.parts.Note(Event::kRetried);
  --c.tries_left;
  ++plan.repeated;
  plan.repeat = true;
  plan.why = "retry " + std::to_string(plan.repeated) + ": " + std::string(end.error->Name());
  (void)co_await c.parts.loop.Sleep(*pause, c.cancel);
  if (!CalledOff(c)) co_return Turn::kAgain;
  end.error = NobodyAsked(c);
  co_return Turn::kEnd;
}

}  // namespace

Task<CallEnd> RunCall(Call& c) {
  CallEnd end;
  Plan plan;
  c.tries_left = std::max(c.retry.budget, 0);
  for (;;) {
    std::optional<Try> first, second;
    while (!CalledOff(c) && !OutOfTime(c) && Choose(c, plan, first)) {
      Ready ready = Prepare(*first, false);
      if (ready == Ready::kBusy) ready = co_await PrepareWaiting(*first);
      if (ready == Ready::kYes) break;
      first.reset();
    }
    if (!first) {
      if (!end.live || CalledOff(c) || OutOfTime(c)) end.error = NobodyAsked(c);
      co_return std::move(end);
    }
    // From here the try holds a slot, the breaker's leave and money; Finish() gives all back, once.
    Try* decided = &*first;
    if (MayHedge(c, *first)) {
      decided = co_await RunRace(c, *first, second);
      plan.at = decided->candidate;
    } else {
      co_await Run(*first);
    }
    const Decision decision = Decide(FactsOf(c, *decided));
    Keep(c, *decided, &end);
    const Turn turn = co_await Follow(c, decision, plan, end);
    if (turn == Turn::kEnd) co_return std::move(end);
  }
}

}  // namespace baton::pool
