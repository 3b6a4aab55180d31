#include "human/clerk.h"

#include <algorithm>

namespace baton::human {
namespace {
// Looked at least so often, whatever the clock was thought to say: the wall clock may jump.
constexpr Duration kLongestNap = std::chrono::seconds(30);
constexpr Duration kShortestNap = std::chrono::milliseconds(20);
}  // namespace

Clerk::Clerk(store::OpenOptions store, std::unique_ptr<Table> table, Sweep sweep, const Clock& clock,
             std::size_t max_jobs, bool own_thread)
    : store_(std::move(store)),
      sweep_(std::move(sweep)),
      clock_(clock),
      max_jobs_(max_jobs),
      own_thread_(own_thread),
      table_(std::move(table)) {
  if (own_thread_) thread_ = std::thread([this] { Loop(); });
}

Clerk::Taken Clerk::Post(Job job) {
  {
    MutexLock lock(m_);
    if (stop_) return Taken::kStopped;
    if (own_thread_) {
      if (jobs_.size() >= max_jobs_) return Taken::kFull;
      jobs_.push_back(std::move(job));
      wake_.NotifyOne();
      return Taken::kYes;
    }
  }
  job(Tables());
  return Taken::kYes;
}

void Clerk::SweepNow() {
  if (!own_thread_) return RunSweep();
  MutexLock lock(m_);
  sweep_asked_ = true;
  wake_.NotifyOne();
}

void Clerk::Stop() {
  {
    MutexLock lock(m_);
    stop_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
}

Result<Table*> Clerk::Tables() {
  if (!table_) {
    TRY(auto db, store::OpenSqlite(store_));
    TRY(table_, Table::Open(std::move(db)));
  }
  return table_.get();
}

void Clerk::RunSweep() {
  const std::int64_t next = sweep_(Tables());
  const std::int64_t latest = clock_.UnixNanos() + kLongestNap.count();
  next_sweep_ = next == 0 ? latest : std::min(next, latest);
}

void Clerk::Loop() {
  for (;;) {
    Job job;
    bool sweep = false;
    {
      MutexLock lock(m_);
      const Duration nap(next_sweep_ - clock_.UnixNanos());
      if (jobs_.empty() && !stop_ && !sweep_asked_ && nap > Duration::zero())
        wake_.WaitFor(lock, std::clamp(nap, kShortestNap, kLongestNap));
      if (jobs_.empty() && stop_) return;
      sweep = std::exchange(sweep_asked_, false);
      if (!jobs_.empty()) {
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
    }
    if (job) job(Tables());
    if (sweep || clock_.UnixNanos() >= next_sweep_) RunSweep();
  }
}

}  // namespace baton::human
