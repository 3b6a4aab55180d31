// The desk's own thread: takes jobs in order, each with the open tables, and sweeps when something is due.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <thread>

#include "base/log.h"
#include "base/mutex.h"
#include "human/table.h"

namespace baton::human {

class Clerk {
 public:
  // Runs on the clerk's thread. The error says why there are no tables; the next job tries again.
  using Job = std::function<void(Result<Table*>)>;
  // Does due work. Gives the moment (unix nanoseconds) of the next; 0: none known.
  using Sweep = std::function<std::int64_t(Result<Table*>)>;

  // With `own_thread` false a job runs in Post() itself.
  Clerk(store::OpenOptions store, std::unique_ptr<Table> table, Sweep sweep, const Clock& clock,
        std::size_t max_jobs, bool own_thread);
  ~Clerk() { Stop(); }
  Clerk(const Clerk&) = delete;

  enum class Taken { kYes, kFull, kStopped };
  // Thread safe. A job that was taken will run, also when Stop() follows.
  Taken Post(Job job);
  // Runs the sweep now (own_thread: asks the thread to).
  void SweepNow();
  void Stop();
  // For jobs, on the clerk's thread, after their last use of the tables: the connection may be broken, open
  // another before the next job.
  void Distrust() { table_.reset(); }
  // For jobs: something will be due at that moment.
  void DueAt(std::int64_t unix_nanos) { next_sweep_ = std::min(next_sweep_, unix_nanos); }

 private:
  void Loop();
  Result<Table*> Tables();
  void RunSweep();

  const store::OpenOptions store_;
  const Sweep sweep_;
  const Clock& clock_;
  const std::size_t max_jobs_;
  const bool own_thread_;
  std::unique_ptr<Table> table_;  // the thread's
  std::int64_t next_sweep_ = 0;   // the thread's; unix nanoseconds

  Mutex m_;
  CondVar wake_;
  std::deque<Job> jobs_ GUARDED_BY(m_);
  bool sweep_asked_ GUARDED_BY(m_) = false;
  bool stop_ GUARDED_BY(m_) = false;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace baton::human
