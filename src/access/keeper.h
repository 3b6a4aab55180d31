// The keeper: opens what keys and budgets need and keeps it in step, on one thread of its own.
//
// About once a second it looks whether somebody changed the keys in the store (the command line, another
// Baton) and builds the directory anew, lets the ledger notice time and dead processes, and writes changed
// balances to the disk. What /admin asks for is done on this thread too, and is in the directory before the
// answer goes out. While the store cannot be read, the last directory serves on (and a gauge says so).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "access/directory.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/signal.h"

namespace baton::access {

struct KeeperOptions {
  std::string store_path;   // a SQLite file, or ":memory:"
  std::string ledger_path;  // empty: the store's path and ".ledger"
  Duration look = std::chrono::seconds(1);
  Duration backup = std::chrono::seconds(5);  // balances to SQLite
  Metrics* metrics = nullptr;
  Log log = Log::Null();
  // Takes what others did to keys into the audit log; false: no room now, ask again. Empty: notes wait.
  // Called on the keeper's thread.
  std::function<bool(const Note&)> on_note;
  bool own_thread = true;  // false: for tests, which call LookNow()
};

class Keeper {
 public:
  // Errors of the store and the ledger. `clock` outlives it.
  static Result<std::unique_ptr<Keeper>> Open(KeeperOptions options, std::shared_ptr<const Settings> settings,
                                              const Clock& clock);
  // Writes balances a last time.
  ~Keeper();
  Keeper(const Keeper&) = delete;

  Registry& registry() { return *registry_; }
  const std::shared_ptr<budget::Ledger>& ledger() const { return ledger_; }

  // From the next request on. Thread safe; returns when it is so, or with why nothing has changed.
  Status SetSettings(std::shared_ptr<const Settings> settings);

  // Runs `job` on the keeper's thread, then brings the directory up to date, then continues. `loop` is the
  // caller's. kOverloaded "keys_busy" when 256 jobs wait. Errors of the store.
  template <class T>
  Task<Result<T>> Run(Loop& loop, std::function<Result<T>(KeyTable&)> job) {
    struct Shared {
      explicit Shared(Loop& l) : done(l) {}
      Signal done;
      std::optional<Result<T>> result;
    };
    auto shared = std::make_shared<Shared>(loop);
    const bool taken = Post([shared, &loop, job = std::move(job)](Result<KeyTable*> table) {
      auto result = std::make_shared<Result<T>>(table ? job(**table) : Result<T>(table.error()));
      return [shared, &loop, result] {
        loop.Post([shared, result] {
          shared->result = std::move(*result);
          shared->done.Set();
        });
      };
    });
    if (!taken) co_return Busy();
    co_await shared->done.Wait();
    co_return std::move(*shared->result);
  }

  // Now, on the caller's thread (own_thread false), what the thread does by itself.
  void LookNow();
  // Nothing is done after it; jobs that wait are done before.
  void Stop();

 private:
  // Gives what is to be called when the directory is up to date.
  using Job = std::function<std::function<void()>(Result<KeyTable*>)>;
  Keeper(KeeperOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
  Status Begin(std::shared_ptr<const Settings> settings);
  bool Post(Job job);
  static Error Busy();
  void Work();
  void DoJobs();
  Result<KeyTable*> Table();
  Status Refresh(bool always);
  Status TakeNotes(KeyTable& table);
  void Backup();
  void Complain(const Error& error);

  const KeeperOptions options_;
  const Clock& clock_;
  std::shared_ptr<budget::Ledger> ledger_;
  std::unique_ptr<Registry> registry_;
  Gauge failing_;
  Counter refreshes_;

  // The thread's own (or LookNow()'s).
  std::unique_ptr<KeyTable> anchor_;  // keeps a store in memory alive
  std::unique_ptr<KeyTable> table_;
  std::string store_path_;
  std::int64_t changes_ = -1;
  bool notes_due_ = true;  // some may wait
  std::vector<KeyRow> rows_;
  std::map<std::string, SpendRow> saved_;
  TimePoint next_backup_{}, next_complaint_{};

  Mutex settings_m_;
  std::shared_ptr<const Settings> settings_ GUARDED_BY(settings_m_);

  Mutex m_;
  CondVar wake_;
  std::deque<Job> jobs_ GUARDED_BY(m_);
  bool stop_ GUARDED_BY(m_) = false;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace baton::access
