// Health: what all loops together know about one worker, and the breaker made of it.
//
// Fault attribution decides everything. A client's bad request, a prompt too long for the model and a refusal
// by the provider's policy say nothing about the worker, so they never count: otherwise one client that
// repeats a broken request would take a worker away from everybody. A wrong key or an empty account opens the
// breaker at once, because no further call can succeed until somebody acts. A rate limit holds the worker
// back for the time it named. Everything else (overload, 5xx, nonsense, transport, time-outs) is counted: so
// many in a row, or so large a share of the last calls, open it.
//
// An open breaker lets one call through when its time is over (half-open). That probe alone decides: success
// closes it, failure opens it again for twice as long. Calls that began before the last change of state come
// home late with old news; their results are counted in the statistics and do not move the breaker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "pool/pool.h"
#include "pool/worker.h"

namespace baton::pool {

// What a finished call says about the worker.
struct Verdict {
  enum class Kind {
    kSuccess,
    kNeutral,      // it answered, the fault was the request's: alive, but no evidence of quality
    kNothing,      // cancelled, or our own deadline ended it: no evidence at all
    kRateLimited,  // hold back for `retry_after`
    kLockedOut,    // key or account: open at once, for long
    kFailure,      // counts against it
  };
  Kind kind = Kind::kNothing;
  Duration retry_after{};
  Duration to_first_byte{};  // with kSuccess; zero: unknown
  std::string error;         // for the status; empty on success
};

// The rule of attribution above, in one place.
Verdict::Kind Attribute(provider::Fault fault);

// Thread safe. Time comes in with each call.
class Health {
 public:
  // How long a rate limit without a time holds the worker back, and the shortest lock-out.
  static constexpr Duration kHoldBack = std::chrono::seconds(1);
  static constexpr Duration kLockOut = std::chrono::minutes(5);

  Health(std::string worker, BreakerOptions options, Log log);
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

  // Leave to make one call. Destroyed unreported: there was no call; a probe makes room for the next.
  class [[nodiscard]] Ticket {
   public:
    Ticket(Ticket&& o) noexcept
        : health_(std::exchange(o.health_, nullptr)), epoch_(o.epoch_), probe_(o.probe_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket();
    void Report(const Verdict& verdict, TimePoint now);
    bool probe() const { return probe_; }

   private:
    friend class Health;
    Ticket(Health* health, std::uint64_t epoch, bool probe) : health_(health), epoch_(epoch), probe_(probe) {}
    Health* health_;
    std::uint64_t epoch_;
    bool probe_;
  };

  // nullopt: not now; see ReadyAt(). The health must outlive the ticket.
  std::optional<Ticket> Admit(TimePoint now);
  // Whether Admit() would give leave now; takes nothing.
  bool WouldAdmit(TimePoint now) const;
  // The earliest moment at which Admit() may succeed; `now` when it may already.
  TimePoint ReadyAt(TimePoint now) const;
  // Why it would not: "breaker open", "rate limited", "probe running"; empty when it would.
  std::string_view Refusal(TimePoint now) const;

  // Fills breaker, calls, failures, last_error and the first-byte average.
  void Describe(TimePoint now, WorkerStatus* out) const;

 private:
  void Take(const Ticket& ticket, const Verdict& verdict, TimePoint now);
  void Abandon(const Ticket& ticket);
  void Count(bool failed) REQUIRES_LOCK(m_);
  bool TooMany() const REQUIRES_LOCK(m_);
  void Open(Duration time, const std::string& error, TimePoint now) REQUIRES_LOCK(m_);
  void LockOut(const std::string& error, TimePoint now) REQUIRES_LOCK(m_);
  void Close() REQUIRES_LOCK(m_);
  void SettleProbe(const Verdict& verdict, TimePoint now) REQUIRES_LOCK(m_);
  Duration OpenTime() const REQUIRES_LOCK(m_);
  bool Admits(TimePoint now) const REQUIRES_LOCK(m_);

  // Constant after construction.
  const std::string worker_;
  const BreakerOptions options_;
  const Log log_;

  mutable Mutex m_;
  bool open_ GUARDED_BY(m_) = false;
  bool probing_ GUARDED_BY(m_) = false;
  // When an open breaker may be probed; when a rate limit ends.
  TimePoint open_until_ GUARDED_BY(m_){}, held_until_ GUARDED_BY(m_){};
  int failed_probes_ GUARDED_BY(m_) = 0;
  // Grows with every opening and closing; a ticket of another epoch carries old news.
  std::uint64_t epoch_ GUARDED_BY(m_) = 0;
  int in_a_row_ GUARDED_BY(m_) = 0;
  // The last results of this epoch, as a ring; true: failed.
  std::vector<bool> window_ GUARDED_BY(m_);
  std::size_t next_ GUARDED_BY(m_) = 0, seen_ GUARDED_BY(m_) = 0;
  int failed_in_window_ GUARDED_BY(m_) = 0;

  std::uint64_t calls_ GUARDED_BY(m_) = 0, failures_ GUARDED_BY(m_) = 0;
  std::string last_error_ GUARDED_BY(m_);
  double first_byte_ms_ GUARDED_BY(m_) = 0;
};

}  // namespace baton::pool
