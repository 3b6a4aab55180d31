// The ledger: what has been spent and what is set aside, per account, exactly, across processes and kills.
// ledger.cc explains how.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metric.h"
#include "base/mutex.h"
#include "budget/funds.h"
#include "budget/ledger_file.h"
#include "budget/period.h"

namespace baton::budget {

// At most so much per period; what is not set is not limited.
struct Budget {
  std::optional<Nanos> usd;
  std::optional<std::int64_t> tokens;
  Period per = Period::kMonth;
  bool operator==(const Budget&) const = default;
};

// Whose money it is; bounded, so it can label a metric.
enum class Scope { kKey, kUser, kProject, kTenant, kWorker };
std::string_view ScopeName(Scope scope);

// One account of the ledger: one name and one period.
struct Account {
  std::uint32_t index = 0;
  Period per = Period::kTotal;
};

// An account with the limit that it has for those who hold this.
struct Claim {
  Account account;
  Budget limit;
  Scope scope = Scope::kTenant;
  std::string owner;  // "tenant support": for messages
};

// The accounts of one group (a tenant's, a worker's) that one kind of request draws from. At most kMaxClaims.
struct Claims {
  static constexpr std::size_t kMax = 16;
  std::size_t stripe = 0;
  std::vector<Claim> all;
};

struct Balance {
  std::int64_t period_start = 0;  // unix seconds
  Amount spent, held;
  // Of what is spent: calls that were with a worker when their process was killed, at their worst case.
  Amount presumed;
  // Claimed by workers above the worst case of their calls, and not counted as spent.
  Amount disputed;
};

struct LedgerOptions {
  std::string path;  // empty: this process's memory
  LedgerFile::Layout layout;
  Metrics* metrics = nullptr;
};

class Ledger {
 public:
  // Returns first what processes that are no more had set aside. Errors as LedgerFile::Open.
  static Result<std::unique_ptr<Ledger>> Open(LedgerOptions options, const Clock& clock);
  ~Ledger();
  Ledger(const Ledger&) = delete;

  // The lock under which a group's accounts change together.
  static std::size_t StripeOf(std::string_view group);
  // Makes the account where there is none. kOverloaded "ledger_full". Thread safe, microseconds.
  Result<Account> Find(std::string_view group, std::string_view name, Period per);
  Balance Read(const Account& account, std::size_t stripe);
  // The largest share of any limit that is spent or set aside; 0 without limits. A few loads, no lock.
  double UsedShare(const Claims& claims) const;

  // Time passes and processes die: call it about once a second. Thread safe.
  void Tick();
  // To the disk, for the day the power fails.
  Status Sync() { return file_->Sync(); }
  // What a backup says of an account: counts if it is of the present period and more than what is here.
  void Restore(const Account& account, std::size_t stripe, std::int64_t period_start, Amount spent);
  // The operator's correction of what is spent; not below zero.
  void Adjust(const Account& account, std::size_t stripe, Amount change);
  // The moment that decides which day and month it is; follows a jump of the wall clock only after it has
  // lasted for ten minutes.
  std::int64_t UnixSeconds() const { return file_->Get(file_->Calendar(kNow)); }
  bool created() const { return file_->created(); }

  // For Draw (below): one exchange's line.
  static constexpr std::uint32_t kNoLine = 0xffffffff;
  std::uint32_t TakeLine();  // kNoLine: all are in use
  void GiveLine(std::uint32_t line);
  Status Take(std::uint32_t line, const Claims& claims, Amount worst);
  void Risk(std::uint32_t line, Amount change);
  Amount Settle(std::uint32_t line, const Claims& claims, Amount taken, Amount risked, Amount claimed);
  void CountNoLine() const { no_line_.Add(); }

  // For tests.
  LedgerFile& file() { return *file_; }
  void Abandon();

 private:
  struct State;
  // Words of the calendar.
  enum CalendarWord : std::size_t { kOffset, kDoubtSince, kDoubtOffset, kNow, kDay, kMonth };

  Ledger(std::unique_ptr<LedgerFile> file, const Clock& clock, Metrics* metrics);
  void ReadClock(bool trust);
  void Reap();
  void ReapLine(std::size_t line);
  State Load(Word account) const;
  void Roll(State& state) const;
  // As it is now, in the period that it is now, which is noted in `edit`.
  State Rolled(LedgerFile::Edit& edit, Word account) const;
  static void Store(LedgerFile::Edit& edit, Word account, const State& before, const State& after);
  std::int64_t StartOf(Period per) const;
  Error Refuse(const Claim& claim, const State& state, Amount worst) const;
  bool TakeBlock();

  std::unique_ptr<LedgerFile> file_;
  const Clock& clock_;
  Mutex tick_;
  Mutex m_;
  std::vector<std::uint32_t> free_lines_ GUARDED_BY(m_);
  std::vector<std::size_t> blocks_ GUARDED_BY(m_);
  // By scope, dollars or tokens, spent or held.
  std::array<Counter, 5 * 2 * 2> refusals_;
  Counter no_line_, presumed_usd_, disputed_usd_, buried_;
};

// One exchange's funds from the ledger. `claims` may hold none.
class Draw : public Funds {
 public:
  Draw(Ledger& ledger, std::shared_ptr<const Claims> claims) : ledger_(ledger), claims_(std::move(claims)) {}
  ~Draw() override;
  Status Take(Amount worst) override;
  void Risk(Amount change) override;
  Amount Settle(Amount taken, Amount risked, Amount claimed) override;

 private:
  Ledger& ledger_;
  const std::shared_ptr<const Claims> claims_;
  std::uint32_t line_ = Ledger::kNoLine;
};

}  // namespace baton::budget
