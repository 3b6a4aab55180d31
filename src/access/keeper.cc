#include "access/keeper.h"

#include <fmt/format.h>

namespace baton::access {
namespace {

constexpr std::size_t kMaxJobs = 256;
constexpr std::string_view kMemory = ":memory:";
constexpr Duration kComplaintEvery = std::chrono::minutes(1);

}  // namespace

Result<std::unique_ptr<Keeper>> Keeper::Open(KeeperOptions options, std::shared_ptr<const Settings> settings,
                                             const Clock& clock) {
  std::unique_ptr<Keeper> keeper(new Keeper(std::move(options), clock));
  TRY_VOID(keeper->Begin(std::move(settings)));
  return keeper;
}

Status Keeper::Begin(std::shared_ptr<const Settings> settings) {
  const bool memory = options_.store_path == kMemory;
  // A private name per keeper: two of them in one process must not meet.
  store_path_ = memory ? fmt::format("{}keys-{}", kMemory, fmt::ptr(this)) : options_.store_path;
  TRY(table_, KeyTable::Open(store_path_));
  if (memory) {
    TRY(anchor_, KeyTable::Open(store_path_));
  }
  budget::LedgerOptions ledger;
  ledger.path = options_.ledger_path;
  if (ledger.path.empty() && !memory) ledger.path = options_.store_path + ".ledger";
  ledger.metrics = options_.metrics;
  TRY(std::shared_ptr<budget::Ledger> opened, budget::Ledger::Open(std::move(ledger), clock_));
  ledger_ = std::move(opened);
  std::vector<SpendRow> backup;
  if (ledger_->created()) {
    TRY(backup, table_->LoadSpend());
  }
  registry_ = std::make_unique<Registry>(ledger_, table_->pepper(), options_.metrics, std::move(backup));
  if (options_.metrics) {
    failing_ = options_.metrics->GetGauge(
        "baton_keys_store_failing", "1 while keys cannot be read from the store and the last known serve.");
    refreshes_ =
        options_.metrics->GetCounter("baton_keys_refreshes_total", "Times the directory was made anew.");
  }
  {
    MutexLock lock(settings_m_);
    settings_ = std::move(settings);
  }
  TRY_VOID(Refresh(true));
  if (options_.own_thread) thread_ = std::thread([this] { Work(); });
  return {};
}

Keeper::~Keeper() {
  Stop();
}

void Keeper::Stop() {
  {
    MutexLock lock(m_);
    stop_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) {
    thread_.join();
    Backup();
  }
}

Error Keeper::Busy() {
  Error error = Fail(Code::kOverloaded, "the store of keys is busy; try again in a moment", "keys_busy");
  error.retry_after = std::chrono::seconds(1);
  return error;
}

bool Keeper::Post(Job job) {
  {
    MutexLock lock(m_);
    if (stop_ || jobs_.size() >= kMaxJobs) return false;
    jobs_.push_back(std::move(job));
    wake_.NotifyOne();
  }
  if (!options_.own_thread) DoJobs();
  return true;
}

Result<KeyTable*> Keeper::Table() {
  if (!table_) {
    TRY(table_, KeyTable::Open(store_path_));
  }
  return table_.get();
}

// Everybody who asked is told only when the directory says what they asked for.
void Keeper::DoJobs() {
  for (;;) {
    Job job;
    {
      MutexLock lock(m_);
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    const auto done = job(Table());
    if (Status fresh = Refresh(false); !fresh) Complain(fresh.error());
    done();
  }
}

Status Keeper::Refresh(bool always) {
  TRY(KeyTable * table, Table());
  auto changes = table->Changes();
  if (changes && (always || *changes != changes_)) {
    auto rows = table->List();
    if (rows) {
      std::shared_ptr<const Settings> settings;
      {
        MutexLock lock(settings_m_);
        settings = settings_;
      }
      TRY_VOID(registry_->Set(std::move(settings), *rows));
      rows_ = std::move(*rows);
      changes_ = *changes;
      notes_due_ = true;
      refreshes_.Add();
    } else {
      changes = rows.error();
    }
  }
  if (!changes) {
    table_.reset();  // the connection may be broken: the next look opens another
    return std::move(changes).error();
  }
  failing_.Set(0);
  return notes_due_ ? TakeNotes(*table) : Status();
}

// Into the log first and out of the store then: killed in between, a note is in the log twice, never missing.
Status Keeper::TakeNotes(KeyTable& table) {
  if (!options_.on_note) return {};
  for (;;) {
    TRY(const auto notes, table.Notes());
    notes_due_ = !notes.empty();
    if (notes.empty()) return {};
    std::int64_t taken = 0;
    for (const Note& note : notes) {
      if (!options_.on_note(note)) break;
      taken = note.id;
    }
    if (taken != 0) {
      TRY_VOID(table.DropNotes(taken));
    }
    if (taken != notes.back().id) return {};  // the log is full: at the next look
  }
}

Status Keeper::SetSettings(std::shared_ptr<const Settings> settings) {
  std::shared_ptr<const Settings> before;
  {
    MutexLock lock(settings_m_);
    before = std::exchange(settings_, std::move(settings));
  }
  struct Shared {
    Mutex m;
    CondVar changed;
    std::optional<Status> done;
  };
  auto shared = std::make_shared<Shared>();
  const bool taken = Post([this, shared](Result<KeyTable*>) {
    auto result = std::make_shared<Status>(Refresh(true));
    return [shared, result] {
      MutexLock lock(shared->m);
      shared->done = *result;
      shared->changed.NotifyOne();
    };
  });
  Status done = Busy();
  if (taken) {
    MutexLock lock(shared->m);
    while (!shared->done) shared->changed.Wait(lock);
    done = *shared->done;
  }
  if (!done) {
    MutexLock lock(settings_m_);
    settings_ = std::move(before);
  }
  return done;
}

void Keeper::LookNow() {
  ledger_->Tick();
  if (Status fresh = Refresh(false); !fresh) Complain(fresh.error());
  if (clock_.Now() < next_backup_) return;
  next_backup_ = clock_.Now() + options_.backup;
  Backup();
}

// What changed since the last time, so that an idle server writes nothing.
void Keeper::Backup() {
  std::vector<SpendRow> rows;
  for (const auto& a : registry_->Accounts()) {
    const budget::Balance b = ledger_->Read(a.account, a.stripe);
    SpendRow row{AccountLabel(a.tenant, a.name, a.account.per), b.period_start, b.spent};
    const auto known = saved_.find(row.account);
    const bool same = known != saved_.end() && known->second.period_start == row.period_start &&
                      known->second.spent.usd == row.spent.usd &&
                      known->second.spent.tokens == row.spent.tokens;
    const bool nothing = known == saved_.end() && row.spent.usd.v == 0 && row.spent.tokens == 0;
    if (!same && !nothing) rows.push_back(std::move(row));
  }
  if (rows.empty()) return;
  if (Status synced = ledger_->Sync(); !synced) Complain(synced.error());
  auto table = Table();
  const Status saved = table ? (*table)->SaveSpend(rows, clock_.UnixNanos()) : Status(table.error());
  if (!saved) return Complain(saved.error());
  for (auto& row : rows) saved_[row.account] = row;
}

void Keeper::Complain(const Error& error) {
  failing_.Set(1);
  if (clock_.Now() < next_complaint_) return;
  next_complaint_ = clock_.Now() + kComplaintEvery;
  options_.log.Err("event=keys_store_failing note=\"the last known keys serve on\" reason={} message=\"{}\"",
                   error.Name(), error.message);
}

void Keeper::Work() {
  for (;;) {
    DoJobs();
    {
      MutexLock lock(m_);
      if (stop_ && jobs_.empty()) return;
      if (jobs_.empty()) wake_.WaitFor(lock, options_.look);
      if (!jobs_.empty()) continue;
    }
    LookNow();
  }
}

}  // namespace baton::access
