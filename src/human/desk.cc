// How a request waits for a person without anything waiting for it.
//
// Problem: a case must be on disk before anybody is told of it, may be ended from any loop, from a timer or
// by a restart, and the one who waits sits on yet another loop and may leave at any moment. Options: poll the
// store from the waiting loop (a query per waiter and second, and a late answer); one lock around everything
// (a disk write under it stops every loop); or messages. We chose messages: the clerk's thread is the only
// one that touches the rows, what it decides is posted to the asking loop, and a board says which waiter
// belongs to which case. Ask() stands on the board before its case is stored, so no end can slip past it; and
// an answer that comes while the waiter gives up is not lost, because the row keeps it and the client has the
// link. Cost: two thread hops per operation, some 20 microseconds, on a path that waits for people.
#include "human/desk.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "base/signal.h"
#include "human/board.h"
#include "human/clerk.h"
#include "human/desk_metrics.h"

namespace baton::human {
namespace {

constexpr std::int32_t kMark = 0x42744e31;  // as the recorder marks its stores (record/recorder.cc)
constexpr std::string_view kMemory = ":memory:";
constexpr int kSweepStep = 200;  // rows per statement: a few milliseconds
constexpr std::size_t kMaxName = 128;

// 128 bits, six to a character.
std::string NewId(const std::function<std::uint64_t()>& entropy) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string id = "case_";
  for (std::uint64_t bits : {entropy(), entropy()}) {
    for (int i = 0; i < 11; ++i, bits >>= 6) id += kDigits[bits & 63];
  }
  return id;
}

Error Stopped() {
  return Fail(Code::kUnavailable, "the server is shutting down; try again in a moment", "shutting_down");
}

Resolution ResolutionOf(const Case& c) {
  using Kind = Resolution::Kind;
  const Kind kind = c.state == State::kAnswered   ? Kind::kAnswered
                    : c.state == State::kRejected ? Kind::kRejected
                                                  : Kind::kExpired;
  return {kind, c.id, c.resolution, c.resolved_by};
}

// What travels back from the clerk to a loop.
template <class T>
struct Errand {
  explicit Errand(Loop& l) : loop(l), ready(l) {}
  Loop& loop;
  Signal ready;
  std::optional<Result<T>> value;
};

class LiveDesk : public Desk {
 public:
  LiveDesk(DeskOptions options, const Clock& clock, Metrics* metrics, Log log)
      : options_(std::move(options)),
        clock_(clock),
        metrics_(metrics),
        log_(std::move(log)),
        rules_(options_.rules) {}
  ~LiveDesk() override { Stop(); }

  Status Start();
  Task<Result<Resolution>> Ask(Loop& loop, Case work, Deadline wait, Cancel* cancel) override;
  Task<Result<std::vector<Case>>> List(Loop& loop, Filter filter) override;
  Task<Result<Case>> Find(Loop& loop, std::string id) override;
  Task<Result<Case>> Claim(Loop& loop, std::string id, std::string by) override {
    return Move(loop, {std::move(id), State::kClaimed, std::move(by), {}, false, clock_.UnixNanos()});
  }
  Task<Result<Case>> Release(Loop& loop, std::string id, std::string by, bool force) override {
    return Move(loop, {std::move(id), State::kWaiting, std::move(by), {}, force, clock_.UnixNanos()});
  }
  Task<Result<Case>> Answer(Loop& loop, std::string id, std::string by, std::string text) override {
    return Move(loop,
                {std::move(id), State::kAnswered, std::move(by), std::move(text), false, clock_.UnixNanos()});
  }
  Task<Result<Case>> Reject(Loop& loop, std::string id, std::string by, std::string reason) override {
    return Move(
        loop, {std::move(id), State::kRejected, std::move(by), std::move(reason), false, clock_.UnixNanos()});
  }

  DeskRules rules() const override {
    MutexLock lock(m_);
    return rules_;
  }
  void SetRules(const DeskRules& rules) override {
    MutexLock lock(m_);
    rules_ = rules;
  }
  void LetGo() override { board_->LetGo(); }
  void Sweep() override { clerk_->SweepNow(); }
  void Stop() override {
    board_->LetGo();
    if (clerk_) clerk_->Stop();
  }

 private:
  // Runs `job` where the tables are and gives its result back on `loop`.
  template <class T>
  Task<Result<T>> Call(Loop& loop, std::function<Result<T>(Table&)> job);
  Clerk::Taken Post(std::function<Status(Table&)> job);
  Task<Result<Case>> Move(Loop& loop, Change change);
  Status CheckWork(const Case& work) const;
  Status CheckChange(const Change& change) const;
  Result<bool> Store(Table& table, const Case& work, int max_waiting);
  Task<Result<Resolution>> WaitFor(Board::Place& place, const Case& work, Deadline wait, Cancel* cancel);
  Error ClientGone(const Case& work);
  void Ended(const Case& c);
  std::int64_t SweepTables(Result<Table*> table);
  Status SweepDue(Table& table, std::int64_t* next);
  void NoteTrouble(const Error& error);

  const DeskOptions options_;
  const Clock& clock_;
  DeskMetrics metrics_;
  const Log log_;
  const std::shared_ptr<Board> board_ = std::make_shared<Board>();
  std::unique_ptr<store::Database> anchor_;  // keeps an in-memory store alive between connections
  // Cases not ended. Changed on the clerk's thread; others read it for a quick refusal.
  std::atomic<std::int64_t> open_ = 0;
  mutable Mutex m_;
  DeskRules rules_ GUARDED_BY(m_);
  std::unique_ptr<Clerk> clerk_;  // last: its thread uses all of the above
};

Status LiveDesk::Start() {
  store::OpenOptions o;
  o.path = options_.path == kMemory ? fmt::format("{}desk-{}", kMemory, fmt::ptr(this)) : options_.path;
  o.mark = kMark;
  if (options_.path == kMemory) {
    TRY(anchor_, store::OpenSqlite(o));
  }
  o.faults = options_.faults;
  TRY(auto db, store::OpenSqlite(o));
  TRY(auto table, Table::Open(std::move(db)));
  TRY(const std::int64_t open, table->CountOpen());
  open_ = open;
  metrics_.waiting.Set(static_cast<double>(open));
  if (open > 0) log_.Info("event=human_queue_open waiting={}", open);
  clerk_ = std::make_unique<Clerk>(
      std::move(o), std::move(table), [this](Result<Table*> t) { return SweepTables(std::move(t)); }, clock_,
      options_.max_jobs, options_.own_thread);
  return {};
}

Clerk::Taken LiveDesk::Post(std::function<Status(Table&)> job) {
  return clerk_->Post([this, job = std::move(job)](Result<Table*> table) {
    const Status done = table ? job(**table) : Status(table.error());
    if (!done) NoteTrouble(done.error());
  });
}

template <class T>
Task<Result<T>> LiveDesk::Call(Loop& loop, std::function<Result<T>(Table&)> job) {
  auto errand = std::make_shared<Errand<T>>(loop);
  const Clerk::Taken taken = clerk_->Post([this, errand, job = std::move(job)](Result<Table*> table) {
    Result<T> result = table ? job(**table) : Result<T>(table.error());
    if (!result) NoteTrouble(result.error());
    errand->loop.Post([errand, result = std::move(result)] {
      errand->value = result;
      errand->ready.Set();
    });
  });
  if (taken == Clerk::Taken::kStopped) co_return Stopped();
  if (taken == Clerk::Taken::kFull) {
    metrics_.refused_busy.Add();
    co_return Fail(Code::kOverloaded, "the review desk has more to do than it can; try again in a moment",
                   "human_desk_busy");
  }
  co_await errand->ready.Wait();
  co_return std::move(*errand->value);
}

// What is the medium's fault may be the connection's: the next job gets a new one.
void LiveDesk::NoteTrouble(const Error& error) {
  if (!error.reason.starts_with("store_") && error.reason != "disk_full") return;
  metrics_.store_failures.Add();
  log_.Err("event=human_store_failing reason={} error=\"{}\"", error.Name(), error.message);
  clerk_->Distrust();
}

Status LiveDesk::CheckWork(const Case& work) const {
  if (work.transcript.size() + work.draft.size() > options_.max_transcript) {
    return Fail(
        Code::kTooLarge,
        fmt::format("the conversation is too long for a person to review: {} bytes, at most {} are kept",
                    work.transcript.size() + work.draft.size(), options_.max_transcript),
        "human_case_too_large");
  }
  return {};
}

Status LiveDesk::CheckChange(const Change& change) const {
  if (change.by.empty() || change.by.size() > kMaxName) {
    return Fail(Code::kInvalidRequest, "say who you are: \"by\" is a name of 1 to 128 bytes", "bad_reviewer",
                "by");
  }
  const bool answer = change.to == State::kAnswered;
  if ((answer || change.to == State::kRejected) && change.text.empty()) {
    return Fail(Code::kInvalidRequest,
                answer ? "an answer needs a \"text\" that is not empty" : "a rejection needs a \"reason\"",
                "missing_text", answer ? "text" : "reason");
  }
  if (change.text.size() > options_.max_text) {
    return Fail(Code::kTooLarge, fmt::format("at most {} bytes can be answered", options_.max_text),
                "text_too_large", "text");
  }
  return {};
}

// On the clerk's thread. False: the queue is full.
Result<bool> LiveDesk::Store(Table& table, const Case& work, int max_waiting) {
  if (open_ >= max_waiting) return false;
  TRY_VOID(table.Insert(work));
  metrics_.waiting.Set(static_cast<double>(++open_));
  metrics_.asked.Add();
  clerk_->DueAt(work.expires_unix_ns);
  return true;
}

Task<Result<Resolution>> LiveDesk::Ask(Loop& loop, Case work, Deadline wait, Cancel* cancel) {
  const DeskRules rules = this->rules();
  CO_TRY_VOID(CheckWork(work));
  work.id = NewId(options_.entropy);
  work.created_unix_ns = clock_.UnixNanos();
  if (work.expires_unix_ns == 0) work.expires_unix_ns = work.created_unix_ns + rules.expire.count();

  Board::Place place = board_->Wait(loop, work.id);
  bool room = open_ < rules.max_waiting;
  if (room) {
    std::function<Result<bool>(Table&)> store = [this, work, max = rules.max_waiting](Table& t) {
      return Store(t, work, max);
    };
    CO_TRY(room, co_await Call<bool>(loop, std::move(store)));
  }
  if (!room) {
    metrics_.refused_full.Add();
    co_return Fail(Code::kOverloaded,
                   fmt::format("{} requests wait for a person already; try again later", rules.max_waiting),
                   "human_queue_full");
  }
  log_.Info("event=human_case case={} exchange={} route={} step={}", work.id.substr(0, 9),
            FormatExchangeId(work.exchange), work.route, work.step);
  co_return co_await WaitFor(place, work, wait, cancel);
}

Task<Result<Resolution>> LiveDesk::WaitFor(Board::Place& place, const Case& work, Deadline wait,
                                           Cancel* cancel) {
  Board::Waiter& waiter = place.waiter();
  while (!waiter.end) {
    if (cancel && cancel->fired()) {
      if (cancel->why() == Cancel::Why::kClientGone || cancel->why() == Cancel::Why::kLostRace)
        co_return ClientGone(work);
      break;
    }
    if (wait.Passed(waiter.loop.Now())) break;
    (void)co_await waiter.ready.Wait(cancel, wait);
  }
  Resolution end{Resolution::Kind::kPending, work.id, {}, {}};
  if (waiter.end) end = *waiter.end;
  co_return end;
}

Error LiveDesk::ClientGone(const Case& work) {
  if (rules().on_client_gone == OnClientGone::kCancel) {
    // Nobody waits for this job: when the desk is too busy for it, the case stays until it expires.
    (void)Post([this, id = work.id, now = clock_.UnixNanos()](Table& table) -> Status {
      TRY(const auto done, table.Apply({id, State::kCancelled, {}, {}, false, now}));
      if (done.changed) Ended(done.row);
      return {};
    });
  }
  return Fail(Code::kCancelled, "the client left before a person answered", "client_gone");
}

// On the clerk's thread, once per case.
void LiveDesk::Ended(const Case& c) {
  metrics_.waiting.Set(static_cast<double>(--open_));
  metrics_.Ended(c);
  log_.Info("event=human_case_ended case={} end={}", c.id.substr(0, 9), StateName(c.state));
  board_->Tell(ResolutionOf(c));
}

Task<Result<std::vector<Case>>> LiveDesk::List(Loop& loop, Filter filter) {
  filter.limit = std::clamp(filter.limit, 1, 1000);
  std::function<Result<std::vector<Case>>(Table&)> job = [filter](Table& t) { return t.List(filter); };
  return Call<std::vector<Case>>(loop, std::move(job));
}

Task<Result<Case>> LiveDesk::Find(Loop& loop, std::string id) {
  std::function<Result<Case>(Table&)> job = [id = std::move(id)](Table& t) { return t.Find(id); };
  return Call<Case>(loop, std::move(job));
}

Task<Result<Case>> LiveDesk::Move(Loop& loop, Change change) {
  CO_TRY_VOID(CheckChange(change));
  std::function<Result<Case>(Table&)> job = [this, change = std::move(change)](Table& t) -> Result<Case> {
    TRY(auto done, t.Apply(change));
    if (done.changed && human::Ended(done.row.state)) Ended(done.row);
    return std::move(done.row);
  };
  co_return co_await Call<Case>(loop, std::move(job));
}

std::int64_t LiveDesk::SweepTables(Result<Table*> table) {
  std::int64_t next = 0;
  const Status done = table ? SweepDue(**table, &next) : Status(table.error());
  if (!done) NoteTrouble(done.error());
  return next;
}

Status LiveDesk::SweepDue(Table& table, std::int64_t* next) {
  const std::int64_t now = clock_.UnixNanos();
  const DeskRules rules = this->rules();
  TRY(const auto expired, table.Expire(now, kSweepStep));
  for (const Case& c : expired) Ended(c);
  std::int64_t deleted = 0;
  if (rules.retention > Duration::zero()) {
    TRY(deleted, table.DeleteContent(now - rules.retention.count(), kSweepStep));
  }
  TRY(const std::int64_t dropped, table.DropOldest(options_.max_ended, kSweepStep));
  TRY(*next, table.NextExpiry());
  // A full step may have left more of the same.
  if (deleted == kSweepStep || dropped == kSweepStep) *next = now;
  return {};
}

}  // namespace

Result<std::unique_ptr<Desk>> Desk::Open(DeskOptions options, const Clock& clock, Metrics* metrics, Log log) {
  auto desk = std::make_unique<LiveDesk>(std::move(options), clock, metrics, std::move(log));
  if (auto started = desk->Start(); !started) {
    Error e = std::move(started).error();
    e.message = "the review queue: " + e.message;
    return e;
  }
  return std::unique_ptr<Desk>(std::move(desk));
}

}  // namespace baton::human
