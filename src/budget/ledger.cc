// The ledger.
//
// The problem. A budget is hard when the worst case of a call is set aside before the call is made,
// atomically over every account that pays for it (key, user, project, tenant: per day, per month, in all),
// and settled to what it cost afterwards. The numbers must outlive kill -9 at any instruction, be the same
// for every process that shares them, and cost next to nothing, because every request passes here at least
// twice.
//
// What was considered.
//  - A row per hold in SQLite: exact, but a write transaction of 20 to 50 us under one lock for all, on the
//    request path.
//  - Allotments: each process takes a tranche of every account out of SQLite and spends it from memory.
//  Quick,
//    but near the limit the last cents lie in several processes at once, and one of them refuses what another
//    could still pay: a false refusal. After a crash the tranche's spent part is unknown until somebody has
//    added up the crashed process's records, and until then it is either overspent or blocked.
//  - This: the balances themselves in memory that the kernel owns. A mapped file, shared by all processes
//  that
//    open it, holds an account as sixteen words and each running exchange as a line: what it has set aside,
//    and how much of that is at risk (its call has left for the worker). A change happens under the lock of
//    the account's group and through a redo list (ledger_file.h), so it is whole whatever is killed. There
//    are no tranches, so the last cent goes to whoever asks first, in whichever process.
//
// After a kill. The kernel tells who is dead (a lock that ended); the next tick of any living process, or the
// next start, goes through the dead one's lines: what was at risk is presumed spent, at its worst case,
// because the provider may have charged it and nobody is left to ask; what was only set aside is free again.
// So a budget is never exceeded, and nothing is blocked but what may be gone. Presumed amounts are shown
// apart, and an operator who knows better corrects them (Adjust).
//
// Power failure. Pages reach the disk when Sync() says so (every five seconds while balances change, off the
// request path), and the balances are also copied to SQLite (access/), from which a lost file is made again:
// what can be forgotten is the last seconds.
//
// The clock. Days and months are judged by a clock that is kept in the file, so all processes have the same:
// it follows the wall clock in small steps, but a jump only once it has lasted ten minutes by the monotonic
// clock. When a period that was begun turns out to lie in the future after all, what was spent in it goes
// back to the period that it is now, on top of what had been spent there: a clock that goes to and fro gives
// no money away.
//
// Cost: docs/results/budgets.md. Limits: 65,536 accounts, 32,768 running exchanges, 13 MB.
#include "budget/ledger.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "budget/ledger_words.h"

namespace baton::budget {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kSmallStep = 60 * kSecond;
constexpr std::int64_t kPatience = 600 * kSecond;

// 128 bits of SHA-256: a user's name comes from outside and must not be able to meet another's account.
std::array<std::int64_t, 2> IdOf(std::string_view group, std::string_view name, Period per) {
  std::string text = std::string(group) + '\n' + std::string(name) + '\n' + std::string(PeriodName(per));
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::array<std::int64_t, 2> id;
  std::memcpy(id.data(), digest, sizeof(id));
  id[0] |= 1;  // never the zero of an empty record
  return id;
}

// Held while a ledger is opened and put in order: a second process must not see the calendar of another boot,
// or none. The kernel lets go of it when the process ends.
class Opening {
 public:
  explicit Opening(const std::string& path) {
    if (path.empty()) return;
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = kOpeningByte;
    lock.l_len = 1;
    while (fd_ >= 0 && ::fcntl(fd_, F_OFD_SETLKW, &lock) != 0 && errno == EINTR) {
    }
  }
  Opening(const Opening&) = delete;
  ~Opening() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  // Far behind the data and beside the bytes of ledger_file.cc.
  static constexpr off_t kOpeningByte = (off_t{1} << 40) + 2000;
  int fd_ = -1;  // a file that cannot be opened is told by whoever opens it next
};

}  // namespace

std::string_view ScopeName(Scope scope) {
  constexpr std::string_view kNames[] = {"key", "user", "project", "tenant", "worker"};
  return kNames[static_cast<std::size_t>(scope)];
}

Ledger::Ledger(std::unique_ptr<LedgerFile> file, const Clock& clock, Metrics* metrics)
    : file_(std::move(file)), clock_(clock) {
  if (!metrics) return;
  for (std::size_t i = 0; i < refusals_.size(); ++i) {
    const auto scope = static_cast<Scope>(i / 4);
    refusals_[i] = metrics->GetCounter("baton_budget_refusals_total", "Calls that did not fit a budget.",
                                       {{"scope", std::string(ScopeName(scope))},
                                        {"kind", i & 2 ? "tokens" : "usd"},
                                        {"cause", i & 1 ? "held" : "spent"}});
  }
  no_line_ =
      metrics->GetCounter("baton_budget_lines_exhausted_total", "Calls refused for want of a ledger line.");
  presumed_usd_ = metrics->GetCounter("baton_budget_presumed_usd_total",
                                      "Money presumed spent: with a worker when the process was killed.");
  disputed_usd_ =
      metrics->GetCounter("baton_budget_disputed_usd_total",
                          "Money claimed beyond what budgets had room for; not counted as spent.");
  buried_ = metrics->GetCounter("baton_budget_dead_processes_total",
                                "Killed processes whose set-aside money was returned.");
}

Result<std::unique_ptr<Ledger>> Ledger::Open(LedgerOptions options, const Clock& clock) {
  const Opening alone(options.path);
  TRY(auto file, LedgerFile::Open(options.path, options.layout));
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(file), clock, options.metrics));
  ledger->ReadClock(ledger->file_->first());
  ledger->Reap();
  return ledger;
}

Ledger::~Ledger() {
  if (file_->owner() < 0) return;  // abandoned
  LedgerFile::Edit edit(*file_, LedgerFile::kTable);
  for (std::size_t block : blocks_) edit.Set(file_->BlockOwner(block), 0);
  edit.Commit();
}

void Ledger::Abandon() {
  file_->Abandon();
}

std::size_t Ledger::StripeOf(std::string_view group) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: it only spreads locks
  for (char c : group) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return (hash ^ hash >> 32) % LedgerFile::kStripes;
}

Result<Account> Ledger::Find(std::string_view group, std::string_view name, Period per) {
  const auto id = IdOf(group, name, per);
  const std::size_t n = file_->layout().accounts;
  LedgerFile::Edit edit(*file_, LedgerFile::kTable);
  for (std::size_t probe = 0; probe < n; ++probe) {
    const std::size_t index = (static_cast<std::uint64_t>(id[1]) + probe) % n;
    const Word at = file_->Account(index);
    if (file_->Get(at + kIdHigh) == id[0] && file_->Get(at + kIdLow) == id[1])
      return Account{static_cast<std::uint32_t>(index), per};
    if (file_->Get(at + kIdHigh) != 0) continue;
    edit.Set(at + kIdLow, id[1]);
    edit.Set(at + kKind, static_cast<std::int64_t>(per));
    edit.Set(at + kPeriodStart, StartOf(per));
    edit.Set(at + kIdHigh, id[0]);
    edit.Commit();
    return Account{static_cast<std::uint32_t>(index), per};
  }
  return Fail(Code::kOverloaded,
              "the ledger holds as many accounts as it can; remove keys or budgets that nobody uses",
              "ledger_full");
}

Ledger::State Ledger::Load(Word account) const {
  State s;
  for (std::size_t i = 0; i < kWords; ++i) s.w[i] = file_->Get(account + i);
  return s;
}

void Ledger::Store(LedgerFile::Edit& edit, Word account, const State& before, const State& after) {
  for (std::size_t i = 0; i < kWords; ++i) {
    if (before.w[i] != after.w[i]) edit.Set(account + i, after.w[i]);
  }
}

Ledger::State Ledger::Rolled(LedgerFile::Edit& edit, Word account) const {
  const State before = Load(account);
  State s = before;
  Roll(s);
  Store(edit, account, before, s);
  return s;
}

std::int64_t Ledger::StartOf(Period per) const {
  if (per == Period::kTotal) return 0;
  return file_->Get(file_->Calendar(per == Period::kDay ? kDay : kMonth));
}

void Ledger::Roll(State& s) const {
  const std::int64_t start = StartOf(static_cast<Period>(s.w[kKind]));
  if (s.w[kPeriodStart] == start) return;
  const Amount before{{s.w[kBeforeUsd]}, s.w[kBeforeTokens]};
  if (start > s.w[kPeriodStart]) {
    s.w[kBeforeStart] = s.w[kPeriodStart];
    s.Set(kBeforeUsd, kBeforeTokens, s.spent());
    s.SetSpent({});
    s.Set(kPresumedUsd, kPresumedTokens, {});
    s.Set(kDisputedUsd, kDisputedTokens, {});
  } else {
    // The period that was begun lies in the future.
    if (s.w[kBeforeStart] >= start) s.SetSpent(Plus(s.spent(), before));
    s.w[kBeforeStart] = 0;
    s.Set(kBeforeUsd, kBeforeTokens, {});
  }
  s.w[kPeriodStart] = start;
}

Balance Ledger::Read(const Account& account, std::size_t stripe) {
  LedgerFile::Edit edit(*file_, stripe);
  const State s = Rolled(edit, file_->Account(account.index));
  edit.Commit();
  Balance b;
  b.period_start = s.w[kPeriodStart];
  b.spent = s.spent();
  b.held = s.held();
  b.presumed = {{s.w[kPresumedUsd]}, s.w[kPresumedTokens]};
  b.disputed = {{s.w[kDisputedUsd]}, s.w[kDisputedTokens]};
  return b;
}

double Ledger::UsedShare(const Claims& claims) const {
  double most = 0;
  const auto share = [&most](std::int64_t used, std::int64_t limit) {
    most = std::max(most, limit > 0 ? static_cast<double>(used) / static_cast<double>(limit) : 1);
  };
  for (const Claim& claim : claims.all) {
    const Word at = file_->Account(claim.account.index);
    const bool old = file_->Get(at + kPeriodStart) < StartOf(claim.account.per);
    const auto used = [&](AccountWord spent, AccountWord held) {
      return Add(old ? 0 : file_->Get(at + spent), file_->Get(at + held));
    };
    if (claim.limit.usd) share(used(kSpentUsd, kHeldUsd), claim.limit.usd->v);
    if (claim.limit.tokens) share(used(kSpentTokens, kHeldTokens), *claim.limit.tokens);
  }
  return most;
}

void Ledger::Restore(const Account& account, std::size_t stripe, std::int64_t period_start, Amount spent) {
  LedgerFile::Edit edit(*file_, stripe);
  const State before = Rolled(edit, file_->Account(account.index));
  State s = before;
  if (s.w[kPeriodStart] != period_start) return;
  s.SetSpent({std::max(s.spent().usd, spent.usd), std::max(s.spent().tokens, spent.tokens)});
  Store(edit, file_->Account(account.index), before, s);
  edit.Commit();
}

void Ledger::Adjust(const Account& account, std::size_t stripe, Amount change) {
  LedgerFile::Edit edit(*file_, stripe);
  const State before = Rolled(edit, file_->Account(account.index));
  State s = before;
  s.SetSpent(AtLeastZero(Plus(s.spent(), change)));
  // What is taken back is taken from what was only presumed first.
  const Amount presumed{{s.w[kPresumedUsd]}, s.w[kPresumedTokens]};
  s.Set(kPresumedUsd, kPresumedTokens,
        AtLeastZero(Plus(presumed, {{std::min<std::int64_t>(change.usd.v, 0)},
                                    std::min<std::int64_t>(change.tokens, 0)})));
  Store(edit, file_->Account(account.index), before, s);
  edit.Commit();
}

void Ledger::ReadClock(bool trust) {
  const std::int64_t mono = clock_.Now().time_since_epoch().count();
  const std::int64_t offset = clock_.UnixNanos() - mono;
  LedgerFile::Edit edit(*file_, LedgerFile::kTable);
  const auto get = [this](CalendarWord w) { return file_->Get(file_->Calendar(w)); };
  const auto near = [](std::int64_t a, std::int64_t b) { return a - b < kSmallStep && b - a < kSmallStep; };
  std::int64_t known = get(kOffset), doubt_since = get(kDoubtSince);
  const bool same_doubt = doubt_since != 0 && near(offset, get(kDoubtOffset));
  if (trust || near(offset, known) || (same_doubt && mono - doubt_since >= kPatience)) {
    known = offset;
    doubt_since = 0;
  } else if (!same_doubt) {
    doubt_since = mono;
    edit.Set(file_->Calendar(kDoubtOffset), offset);
  }
  const std::int64_t now = (known + mono) / kSecond;
  edit.Set(file_->Calendar(kOffset), known);
  edit.Set(file_->Calendar(kDoubtSince), doubt_since);
  edit.Set(file_->Calendar(kNow), now);
  edit.Set(file_->Calendar(kDay), PeriodStart(Period::kDay, now));
  edit.Set(file_->Calendar(kMonth), PeriodStart(Period::kMonth, now));
  edit.Commit();
}

void Ledger::Tick() {
  MutexLock lock(tick_);
  ReadClock(false);
  Reap();
}

}  // namespace baton::budget
