#include "pool/health.h"

#include <algorithm>

namespace baton::pool {
namespace {

// Weight of the newest sample in the first-byte average: remembers about the last ten calls.
constexpr double kNewest = 0.1;

double Seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}

}  // namespace

Verdict::Kind Attribute(provider::Fault fault) {
  switch (fault) {
    case provider::Fault::kClientRequest:
    case provider::Fault::kContextOverflow:
    case provider::Fault::kContentRefused:
      return Verdict::Kind::kNeutral;
    case provider::Fault::kAuth:
    case provider::Fault::kQuota:
      return Verdict::Kind::kLockedOut;
    case provider::Fault::kRateLimited:
      return Verdict::Kind::kRateLimited;
    case provider::Fault::kOverloaded:
    case provider::Fault::kServer:
    case provider::Fault::kMalformed:
    case provider::Fault::kTransport:
    case provider::Fault::kTimeout:
      return Verdict::Kind::kFailure;
  }
  return Verdict::Kind::kFailure;
}

Health::Health(std::string worker, BreakerOptions options, Log log)
    : worker_(std::move(worker)), options_(options), log_(std::move(log)) {
  MutexLock lock(m_);
  window_.assign(static_cast<std::size_t>(std::max(options_.window, 1)), false);
}

Health::Ticket::~Ticket() {
  if (health_) health_->Abandon(*this);
}

void Health::Ticket::Report(const Verdict& verdict, TimePoint now) {
  if (health_) std::exchange(health_, nullptr)->Take(*this, verdict, now);
}

void Health::Abandon(const Ticket& ticket) {
  MutexLock lock(m_);
  if (ticket.probe_ && ticket.epoch_ == epoch_) probing_ = false;
}

bool Health::Admits(TimePoint now) const {
  if (now < held_until_) return false;
  return !open_ || (now >= open_until_ && !probing_);
}

bool Health::WouldAdmit(TimePoint now) const {
  MutexLock lock(m_);
  return Admits(now);
}

std::optional<Health::Ticket> Health::Admit(TimePoint now) {
  MutexLock lock(m_);
  if (!Admits(now)) return std::nullopt;
  if (open_) probing_ = true;
  return Ticket(this, epoch_, open_);
}

TimePoint Health::ReadyAt(TimePoint now) const {
  MutexLock lock(m_);
  if (Admits(now)) return now;
  TimePoint at = std::max(now, held_until_);
  if (open_) at = std::max(at, open_until_);
  // Only a running probe is in the way, and nobody knows how long it takes.
  return at > now ? at : now + kHoldBack;
}

std::string_view Health::Refusal(TimePoint now) const {
  MutexLock lock(m_);
  if (Admits(now)) return {};
  if (open_) return now < open_until_ ? "breaker open" : "probe running";
  return "rate limited";
}

void Health::Take(const Ticket& ticket, const Verdict& v, TimePoint now) {
  using Kind = Verdict::Kind;
  MutexLock lock(m_);
  ++calls_;
  if (v.kind == Kind::kFailure || v.kind == Kind::kLockedOut || v.kind == Kind::kRateLimited) {
    ++failures_;
    last_error_ = v.error;
  }
  if (v.kind == Kind::kSuccess && v.to_first_byte > Duration::zero()) {
    const double ms = Seconds(v.to_first_byte) * 1e3;
    first_byte_ms_ = first_byte_ms_ == 0 ? ms : first_byte_ms_ + kNewest * (ms - first_byte_ms_);
  }
  if (v.kind == Kind::kRateLimited) {
    // The time is the provider's word about itself, so it holds whatever the breaker has done since.
    const Duration asked = v.retry_after > Duration::zero() ? v.retry_after : kHoldBack;
    held_until_ = std::max(held_until_, now + std::min(asked, options_.retry_after_max));
  }
  if (ticket.epoch_ != epoch_) return;
  if (ticket.probe_) return SettleProbe(v, now);
  if (v.kind == Kind::kLockedOut) return LockOut(v.error, now);
  if (v.kind != Kind::kSuccess && v.kind != Kind::kFailure) return;
  Count(v.kind == Kind::kFailure);
  if (TooMany()) Open(OpenTime(), v.error, now);
}

void Health::SettleProbe(const Verdict& v, TimePoint now) {
  probing_ = false;
  switch (v.kind) {
    case Verdict::Kind::kSuccess:
    case Verdict::Kind::kNeutral:
    case Verdict::Kind::kRateLimited:  // it answers; the hold-back does the rest
      failed_probes_ = 0;
      Close();
      break;
    case Verdict::Kind::kNothing:  // no news: the next call is the probe
      break;
    case Verdict::Kind::kLockedOut:
      LockOut(v.error, now);
      break;
    case Verdict::Kind::kFailure:
      ++failed_probes_;
      Open(OpenTime(), v.error, now);
      break;
  }
}

void Health::Count(bool failed) {
  in_a_row_ = failed ? in_a_row_ + 1 : 0;
  if (seen_ == window_.size()) {
    failed_in_window_ -= window_[next_] ? 1 : 0;
  } else {
    ++seen_;
  }
  window_[next_] = failed;
  failed_in_window_ += failed ? 1 : 0;
  next_ = (next_ + 1) % window_.size();
}

bool Health::TooMany() const {
  const int least = std::max(options_.failures, 1);
  if (in_a_row_ >= least) return true;
  return failed_in_window_ >= least &&
         static_cast<double>(failed_in_window_) >= options_.error_rate * static_cast<double>(seen_);
}

Duration Health::OpenTime() const {
  Duration time = options_.open_for;
  for (int i = 0; i < failed_probes_ && time < options_.open_max; ++i) time *= 2;
  return std::min(time, std::max(options_.open_max, options_.open_for));
}

void Health::Open(Duration time, const std::string& error, TimePoint now) {
  open_ = true;
  probing_ = false;
  open_until_ = now + time;
  ++epoch_;
  in_a_row_ = failed_in_window_ = 0;
  next_ = seen_ = 0;
  log_.Warn("worker '{}' keeps failing: no calls for {:.1f} s ({})", worker_, Seconds(time), error);
}

void Health::LockOut(const std::string& error, TimePoint now) {
  const Duration time = std::max(kLockOut, options_.open_max);
  Open(time, error, now);
  log_.Err(
      "worker '{}' refuses our key or its account is out of credit: put that right and reload (a new key is "
      "tried at once; otherwise it is asked again in {:.0f} s)",
      worker_, Seconds(time));
}

void Health::Close() {
  open_ = false;
  ++epoch_;
  log_.Info("worker '{}' answers again", worker_);
}

void Health::Describe(TimePoint now, WorkerStatus* out) const {
  MutexLock lock(m_);
  out->breaker = !open_              ? BreakerState::kClosed
                 : now < open_until_ ? BreakerState::kOpen
                                     : BreakerState::kHalfOpen;
  out->calls = calls_;
  out->failures = failures_;
  out->last_error = last_error_;
  out->ewma_first_byte_ms = first_byte_ms_;
}

}  // namespace baton::pool
