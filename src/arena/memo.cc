#include "arena/memo.h"

namespace baton::arena {
namespace {
constexpr std::int32_t kMark = 0x42544d4f;  // "BTMO"
}

Result<std::unique_ptr<Memo>> Memo::Open(Options o) {
  auto memo = std::unique_ptr<Memo>(new Memo);
  memo->max_bytes_ = o.max_bytes;
  if (o.path.empty()) return memo;
  MutexLock lock(memo->m_);
  store::OpenOptions open;
  open.path = o.path;
  open.mark = kMark;
  open.faults = o.faults;
  TRY(memo->db_, store::OpenSqlite(open));
  TRY_VOID(memo->db_->Exec(
      "CREATE TABLE IF NOT EXISTS memo(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"));
  TRY(auto all, memo->db_->Prepare("SELECT key, value FROM memo"));
  for (;;) {
    TRY(const bool row, all->Step());
    if (!row) break;
    memo->bytes_ += all->Text(0).size() + all->Text(1).size();
    if (memo->bytes_ > o.max_bytes) break;
    memo->entries_.emplace(all->Text(0), all->Text(1));
  }
  TRY(memo->insert_,
      memo->db_->Prepare("INSERT INTO memo(key, value) VALUES($1, $2) ON CONFLICT DO NOTHING"));
  return memo;
}

std::optional<std::string> Memo::Find(const std::string& key) {
  MutexLock lock(m_);
  const auto at = entries_.find(key);
  ++(at == entries_.end() ? counts_.misses : counts_.hits);
  if (at == entries_.end()) return std::nullopt;
  return at->second;
}

void Memo::Keep(const std::string& key, const std::string& value) {
  MutexLock lock(m_);
  if (bytes_ + key.size() + value.size() > max_bytes_) {
    ++counts_.refused;
    return;
  }
  if (!entries_.emplace(key, value).second) return;
  bytes_ += key.size() + value.size();
  ++counts_.kept;
  if (!insert_) return;
  insert_->Reset();
  insert_->BindText(1, key);
  insert_->BindText(2, value);
  if (!insert_->Run()) ++counts_.write_errors;
}

Memo::Counts Memo::counts() const {
  MutexLock lock(m_);
  return counts_;
}

}  // namespace baton::arena
