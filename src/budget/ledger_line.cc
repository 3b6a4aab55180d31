// Lines: what running exchanges have set aside, and what becomes of it when their process dies.
#include <algorithm>

#include "budget/ledger_words.h"

namespace baton::budget {
namespace {

std::string Tokens(std::int64_t n) {
  return std::to_string(n) + " tokens";
}

}  // namespace

Error Ledger::Refuse(const Claim& claim, const State& s, Amount worst) const {
  const bool over_usd =
      claim.limit.usd && Add(Add(s.spent().usd.v, s.held().usd.v), worst.usd.v) > claim.limit.usd->v;
  const std::int64_t limit = over_usd ? claim.limit.usd->v : *claim.limit.tokens;
  const std::int64_t spent = over_usd ? s.spent().usd.v : s.spent().tokens;
  const std::int64_t want = over_usd ? worst.usd.v : worst.tokens;
  const bool by_held = Add(spent, want) <= limit;
  const auto scope = static_cast<std::size_t>(claim.scope);
  refusals_[scope * 4 + (over_usd ? 0 : 2) + (by_held ? 1 : 0)].Add();
  const auto say = [&](std::int64_t n) { return over_usd ? "$" + FormatUsd({n}) : Tokens(n); };
  std::string per = claim.limit.per == Period::kTotal ? std::string(" in all")
                                                      : " per " + std::string(PeriodName(claim.limit.per));
  std::string message = claim.owner + " has " + say(std::max<std::int64_t>(limit - spent, 0)) +
                        " left of its budget of " + say(limit) + per + ", and this call could cost up to " +
                        say(want);
  if (by_held) {
    Error error = Fail(Code::kRateLimited,
                       message + ": the rest is set aside for calls that still run; try again in a moment",
                       "budget_held");
    error.retry_after = std::chrono::seconds(1);
    return error;
  }
  if (const auto end = PeriodEnd(claim.limit.per, UnixSeconds()))
    message += "; it begins anew on " + DateText(*end);
  return Fail(Code::kOverBudget, message + "; raise the budget or lower max_tokens", "insufficient_quota");
}

Status Ledger::Take(std::uint32_t line, const Claims& claims, Amount worst) {
  const Word at = file_->Line(line);
  LedgerFile::Edit edit(*file_, claims.stripe);
  std::array<State, Claims::kMax> before, after;
  for (std::size_t i = 0; i < claims.all.size(); ++i) {
    const Claim& claim = claims.all[i];
    before[i] = after[i] = Rolled(edit, file_->Account(claim.account.index));
    State& s = after[i];
    const Amount all = Plus(Plus(s.spent(), s.held()), worst);
    if ((claim.limit.usd && all.usd > *claim.limit.usd) ||
        (claim.limit.tokens && all.tokens > *claim.limit.tokens)) {
      edit.Commit();  // that a period has ended is so all the same
      return Refuse(claim, s, worst);
    }
    s.SetHeld(Plus(s.held(), worst));
  }
  for (std::size_t i = 0; i < claims.all.size(); ++i)
    Store(edit, file_->Account(claims.all[i].account.index), before[i], after[i]);
  if (file_->Get(at + kUsed) == 0) {
    edit.Set(at + kUsed, 1);
    edit.Set(at + kStripe, static_cast<std::int64_t>(claims.stripe));
    edit.Set(at + kCount, static_cast<std::int64_t>(claims.all.size()));
    for (std::size_t i = 0; i < claims.all.size(); i += 2) {
      const std::uint64_t second = i + 1 < claims.all.size() ? claims.all[i + 1].account.index : 0;
      edit.Set(at + kFirst + i / 2, static_cast<std::int64_t>(second << 32 | claims.all[i].account.index));
    }
  }
  edit.Set(at + kLineUsd, Add(file_->Get(at + kLineUsd), worst.usd.v));
  edit.Set(at + kLineTokens, Add(file_->Get(at + kLineTokens), worst.tokens));
  edit.Commit();
  return {};
}

// Only the exchange itself writes these two, and they are looked at when it is dead. Killed between them, the
// larger amount stands: before a call both go up and it has not left, after it both go down.
void Ledger::Risk(std::uint32_t line, Amount change) {
  const Word at = file_->Line(line);
  file_->Put(at + kRiskUsd, Add(file_->Get(at + kRiskUsd), change.usd.v));
  file_->Put(at + kRiskTokens, Add(file_->Get(at + kRiskTokens), change.tokens));
}

Amount Ledger::Settle(std::uint32_t line, const Claims& claims, Amount taken, Amount risked, Amount claimed) {
  const Word at = file_->Line(line);
  LedgerFile::Edit edit(*file_, claims.stripe);
  std::array<State, Claims::kMax> before, after;
  Amount paid = claimed;
  for (std::size_t i = 0; i < claims.all.size(); ++i) {
    before[i] = after[i] = Rolled(edit, file_->Account(claims.all[i].account.index));
    State& s = after[i];
    s.SetHeld(AtLeastZero(Minus(s.held(), taken)));
    // A claim above what was set aside is paid from what is free, here and in every other account.
    const Budget& limit = claims.all[i].limit;
    const Amount used = Plus(s.spent(), s.held());
    if (limit.usd) paid.usd.v = std::min(paid.usd.v, std::max(taken.usd.v, limit.usd->v - used.usd.v));
    if (limit.tokens)
      paid.tokens = std::min(paid.tokens, std::max(taken.tokens, *limit.tokens - used.tokens));
  }
  for (std::size_t i = 0; i < claims.all.size(); ++i) {
    after[i].SetSpent(Plus(after[i].spent(), paid));
    after[i].AddTo(kDisputedUsd, kDisputedTokens, Minus(claimed, paid));
    Store(edit, file_->Account(claims.all[i].account.index), before[i], after[i]);
  }
  const Amount left = Minus({{file_->Get(at + kLineUsd)}, file_->Get(at + kLineTokens)}, taken);
  edit.Set(at + kLineUsd, left.usd.v);
  edit.Set(at + kLineTokens, left.tokens);
  edit.Set(at + kRiskUsd, Add(file_->Get(at + kRiskUsd), -risked.usd.v));
  edit.Set(at + kRiskTokens, Add(file_->Get(at + kRiskTokens), -risked.tokens));
  edit.Commit();
  if (claimed.usd > paid.usd) disputed_usd_.Add(static_cast<double>(claimed.usd.v - paid.usd.v) / 1e9);
  return paid;
}

void Ledger::Reap() {
  const auto dead = file_->DeadOwners();
  if (dead.empty()) return;
  // Changes that the dead had armed are carried out first, so that what their lines say is whole.
  for (std::size_t stripe = 0; stripe <= LedgerFile::kTable; ++stripe) LedgerFile::Edit(*file_, stripe);
  for (const std::int64_t owner : dead) {
    for (std::size_t block = 0; block < file_->layout().lines / LedgerFile::kBlock; ++block) {
      if (file_->Get(file_->BlockOwner(block)) != owner + 1) continue;
      for (std::size_t i = 0; i < LedgerFile::kBlock; ++i) ReapLine(block * LedgerFile::kBlock + i);
      LedgerFile::Edit edit(*file_, LedgerFile::kTable);
      edit.Set(file_->BlockOwner(block), 0);
      edit.Commit();
    }
    file_->Bury(owner);
    buried_.Add();
  }
}

void Ledger::ReapLine(std::size_t line) {
  const Word at = file_->Line(line);
  if (file_->Get(at + kUsed) == 0 && file_->Get(at + kRiskUsd) == 0 && file_->Get(at + kRiskTokens) == 0)
    return;
  LedgerFile::Edit edit(*file_, static_cast<std::size_t>(file_->Get(at + kStripe)) % LedgerFile::kStripes);
  const Amount held{{file_->Get(at + kLineUsd)}, file_->Get(at + kLineTokens)};
  const Amount risk{{file_->Get(at + kRiskUsd)}, file_->Get(at + kRiskTokens)};
  const auto count = static_cast<std::size_t>(file_->Get(at + kUsed) != 0 ? file_->Get(at + kCount) : 0);
  for (std::size_t i = 0; i < std::min(count, Claims::kMax); ++i) {
    const auto two = static_cast<std::uint64_t>(file_->Get(at + kFirst + i / 2));
    const Word account =
        file_->Account((i % 2 == 0 ? two & 0xffffffff : two >> 32) % file_->layout().accounts);
    const State before = Rolled(edit, account);
    State s = before;
    s.SetHeld(AtLeastZero(Minus(s.held(), held)));
    s.SetSpent(Plus(s.spent(), risk));
    s.AddTo(kPresumedUsd, kPresumedTokens, risk);
    Store(edit, account, before, s);
  }
  for (LineWord w : {kUsed, kLineUsd, kLineTokens, kRiskUsd, kRiskTokens}) edit.Set(at + w, 0);
  edit.Commit();
  if (count > 0) presumed_usd_.Add(static_cast<double>(risk.usd.v) / 1e9);
}

bool Ledger::TakeBlock() {
  LedgerFile::Edit edit(*file_, LedgerFile::kTable);
  for (std::size_t block = 0; block < file_->layout().lines / LedgerFile::kBlock; ++block) {
    if (file_->Get(file_->BlockOwner(block)) != 0) continue;
    edit.Set(file_->BlockOwner(block), file_->owner() + 1);
    edit.Commit();
    blocks_.push_back(block);
    for (std::size_t i = LedgerFile::kBlock; i-- > 0;)
      free_lines_.push_back(static_cast<std::uint32_t>(block * LedgerFile::kBlock + i));
    return true;
  }
  return false;
}

std::uint32_t Ledger::TakeLine() {
  MutexLock lock(m_);
  if (free_lines_.empty() && !TakeBlock()) return kNoLine;
  const std::uint32_t line = free_lines_.back();
  free_lines_.pop_back();
  return line;
}

void Ledger::GiveLine(std::uint32_t line) {
  file_->Put(file_->Line(line) + kUsed, 0);
  MutexLock lock(m_);
  free_lines_.push_back(line);
}

Draw::~Draw() {
  if (line_ != Ledger::kNoLine) ledger_.GiveLine(line_);
}

Status Draw::Take(Amount worst) {
  if (claims_->all.empty()) return {};
  if (line_ == Ledger::kNoLine) line_ = ledger_.TakeLine();
  if (line_ == Ledger::kNoLine) {
    ledger_.CountNoLine();
    Error error = Fail(Code::kOverloaded, "more requests with a budget run than the ledger has lines for",
                       "ledger_lines");
    error.retry_after = std::chrono::seconds(1);
    return error;
  }
  return ledger_.Take(line_, *claims_, worst);
}

void Draw::Risk(Amount change) {
  if (line_ != Ledger::kNoLine) ledger_.Risk(line_, change);
}

Amount Draw::Settle(Amount taken, Amount risked, Amount claimed) {
  if (line_ == Ledger::kNoLine) return claimed;
  return ledger_.Settle(line_, *claims_, taken, risked, claimed);
}

}  // namespace baton::budget
