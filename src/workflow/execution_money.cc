// What a step may spend: carved out of the exchange's lease before the step starts.
#include <fmt/format.h>

#include <algorithm>

#include "workflow/execution_live.h"
#include "workflow/step_cost.h"

namespace baton::workflow {
namespace {

// Must run, whatever happens: its money is set aside before anything else is spent.
bool Required(const Step& step) {
  return step.method == Method::kAsk && !step.optional && step.when.empty() && !step.item;
}

Deadline Within(const Step& step, TimePoint now) {
  return step.limits.timeout > Duration::zero() ? Deadline(now + step.limits.timeout) : Deadline();
}

}  // namespace

Status Execution::ReserveRequired() {
  for (StepId id = 0; id < static_cast<StepId>(plan_.steps.size()); ++id) {
    if (!Required(StepOf(id)) && !StepOf(id).reserved) continue;
    if (At(id).status != StepStatus::kWaiting) continue;
    const Worst worst = WorstOf(plan_, states_, id, c_.client, c_.client_tokens, unix_seconds_);
    // No deadline of its own yet: its time begins when it does.
    auto part =
        budget::Lease::Carve(c_.permit.lease(), worst.usd, worst.tokens, {}, StepOf(id).limits.max_usd);
    if (part) {
      LiveOf(id).lease = std::move(*part);
      continue;
    }
    if (FundCapped(id, worst)) continue;
    Error error = std::move(part).error();
    error.message =
        fmt::format("workflow '{}', step '{}': {}", plan_.workflow, StepOf(id).name, error.message);
    for (auto& live : live_) live.lease.reset();
    return error;
  }
  return {};
}

// The largest output cap whose worst case still fits, found by halving. False: even the least does not.
bool Execution::FundCapped(StepId id, Worst worst) {
  const Step& step = StepOf(id);
  if (step.method != Method::kAsk) return false;
  for (std::int64_t cap = OutputCap(step, c_.client) / 2; cap >= kLeastOutput; cap /= 2) {
    worst = WorstOf(plan_, states_, id, c_.client, c_.client_tokens, unix_seconds_, cap);
    auto part = budget::Lease::Carve(c_.permit.lease(), worst.usd, worst.tokens, {}, step.limits.max_usd);
    if (!part) continue;
    LiveOf(id).lease = std::move(*part);
    LiveOf(id).cap = cap;
    plan_.notes.push_back(
        fmt::format("step '{}' capped to {} output tokens by what is left", step.name, cap));
    return true;
  }
  return false;
}

// Now that what it sees is there: what was set aside must cover it.
bool Execution::Fund(StepId id) {
  const Step& step = StepOf(id);
  Live& live = LiveOf(id);
  const Worst worst = WorstOf(plan_, states_, id, c_.client, c_.client_tokens, unix_seconds_, live.cap);
  const auto give_up = [&](const Error& error) {
    At(id).error = error;
    Settle(id, StepStatus::kDropped, error.message);
    return false;
  };
  if (!live.lease) {
    auto part = budget::Lease::Carve(c_.permit.lease(), worst.usd, worst.tokens, {}, step.limits.max_usd);
    if (part) {
      live.lease = std::move(*part);
    } else if (step.optional || !FundCapped(id, worst)) {
      return give_up(part.error());
    }
  }
  if (live.lease) live.lease->Shorten(Within(step, loop_.Now()));
  return true;
}

bool Execution::TimeIsShort(const Step& step, std::string* why) const {
  if (!step.optional || longest_ == Duration::zero()) return false;
  const Duration left = c_.permit.deadline().Left(loop_.Now());
  if (left >= longest_) return false;
  *why = fmt::format("{} ms are left and a step of this run has taken {} ms",
                     std::chrono::duration_cast<std::chrono::milliseconds>(left).count(),
                     std::chrono::duration_cast<std::chrono::milliseconds>(longest_).count());
  return true;
}

}  // namespace baton::workflow
