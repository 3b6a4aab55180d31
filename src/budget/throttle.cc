#include "budget/throttle.h"

#include <algorithm>

namespace baton::budget {
namespace {

std::int64_t SecondOf(TimePoint t) {
  return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}

constexpr std::string_view kKinds[] = {"requests", "tokens", "concurrent"};

void Tighter(std::optional<Quote::Line>& to, std::int64_t limit, Window& window, std::int64_t now) {
  const std::int64_t remaining = std::max<std::int64_t>(limit - window.Used(now), 0);
  if (to && to->remaining <= remaining) return;
  to = {limit, remaining, std::chrono::seconds(window.Until(0, now).value_or(0))};
}

}  // namespace

ThrottleMetrics::ThrottleMetrics(Metrics* metrics) {
  if (!metrics) return;
  for (std::size_t s = 0; s < refused.size(); ++s) {
    for (std::size_t k = 0; k < 3; ++k) {
      refused[s][k] = metrics->GetCounter(
          "baton_limit_refusals_total", "Requests and calls above a limit per minute or at a time.",
          {{"scope", std::string(ScopeName(static_cast<Scope>(s)))}, {"kind", std::string(kKinds[k])}});
    }
  }
}

Throttle::Pass::~Pass() {
  if (!of_) return;
  MutexLock lock(*of_->m_);
  for (const Line& line : of_->lines_) --line.meter->running_;
}

Error Throttle::Refuse(const Line& line, Kind kind, std::int64_t limit,
                       std::optional<std::int64_t> seconds) const {
  metrics_->refused[static_cast<std::size_t>(line.meter->scope_)][kind].Add();
  const std::string who = line.meter->owner_ + " may ";
  const std::string n = std::to_string(limit);
  if (kind == kTokens && !seconds) {
    return Fail(Code::kOverBudget,
                who + "use " + n +
                    " tokens a minute, which this call alone could exceed: lower max_tokens or "
                    "shorten the request",
                "tokens_above_rate");
  }
  Error error;
  if (kind == kRequests) {
    error = Fail(Code::kRateLimited, who + "make " + n + " requests a minute", "requests_per_minute");
  } else if (kind == kTokens) {
    error = Fail(Code::kRateLimited, who + "use " + n + " tokens a minute", "tokens_per_minute");
  } else {
    error =
        Fail(Code::kRateLimited, who + "have " + n + " requests running at a time", "concurrent_requests");
  }
  error.message += "; try again in a moment";
  // Rounded up, and never at once: nobody's retry loop should spin on it.
  error.retry_after = std::chrono::seconds(std::max<std::int64_t>(seconds.value_or(1), 1));
  return error;
}

Result<Throttle::Pass> Throttle::Enter(TimePoint at) const {
  const std::int64_t now = SecondOf(at);
  MutexLock lock(*m_);
  for (const Line& line : lines_) {
    const Limits& l = line.limits;
    if (l.concurrent && line.meter->running_ >= *l.concurrent)
      return Refuse(line, kConcurrent, *l.concurrent, std::nullopt);
    if (l.rpm && line.meter->requests_.Used(now) >= *l.rpm)
      return Refuse(line, kRequests, *l.rpm, line.meter->requests_.Until(*l.rpm - 1, now));
  }
  for (const Line& line : lines_) {
    ++line.meter->running_;
    if (line.limits.rpm) line.meter->requests_.Add(now, 1, now);
  }
  return Pass(shared_from_this());
}

Status Throttle::TakeTokens(TimePoint at, std::int64_t tokens) const {
  const std::int64_t now = SecondOf(at);
  MutexLock lock(*m_);
  for (const Line& line : lines_) {
    if (!line.limits.tpm || line.meter->tokens_.Used(now) + tokens <= *line.limits.tpm) continue;
    return Refuse(line, kTokens, *line.limits.tpm, line.meter->tokens_.Until(*line.limits.tpm - tokens, now));
  }
  for (const Line& line : lines_) {
    if (line.limits.tpm) line.meter->tokens_.Add(now, tokens, now);
  }
  return {};
}

void Throttle::CorrectTokens(TimePoint taken, std::int64_t change, TimePoint now) const {
  if (change == 0) return;
  MutexLock lock(*m_);
  for (const Line& line : lines_) {
    if (line.limits.tpm) line.meter->tokens_.Add(SecondOf(taken), change, SecondOf(now));
  }
}

Quote Throttle::Ask(TimePoint at) const {
  const std::int64_t now = SecondOf(at);
  Quote quote;
  MutexLock lock(*m_);
  for (const Line& line : lines_) {
    if (line.limits.rpm) Tighter(quote.requests, *line.limits.rpm, line.meter->requests_, now);
    if (line.limits.tpm) Tighter(quote.tokens, *line.limits.tpm, line.meter->tokens_, now);
  }
  return quote;
}

}  // namespace baton::budget
