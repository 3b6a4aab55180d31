#include "record/words.h"

#include <algorithm>

namespace baton::record {

Result<Words> Words::Load(store::Database& db) {
  Words words;
  TRY(auto select, db.Prepare("SELECT id, text FROM words"));
  for (;;) {
    TRY(const bool row, select->Step());
    if (!row) break;
    words.ids_.emplace(std::string(select->Text(1)), select->Int(0));
    words.last_ = std::max(words.last_, select->Int(0));
  }
  TRY(words.insert_, db.Prepare("INSERT INTO words(id, text) VALUES($1, $2)"));
  return words;
}

bool Words::SeenBefore(std::string_view text) {
  const std::size_t hash = Hash()(text);
  std::size_t& slot = seen_[hash % seen_.size()];
  return std::exchange(slot, hash) == hash;
}

Result<const Words::Word*> Words::Get(std::string_view text) {
  if (auto known = ids_.find(text); known != ids_.end()) return &*known;
  if (text.size() > kMaxWord || ids_.size() >= kMaxWords || !SeenBefore(text)) return nullptr;
  insert_->BindInt(1, last_ + 1);
  insert_->BindText(2, text);
  TRY_VOID(insert_->Run());
  return &*ids_.emplace(std::string(text), ++last_).first;
}

Result<WordReader> WordReader::Open(store::Database& db) {
  WordReader reader;
  TRY(reader.select_, db.Prepare("SELECT text FROM words WHERE id = $1"));
  return reader;
}

Result<std::string> WordReader::Get(const store::Statement& row, int column) {
  if (row.IsText(column)) return std::string(row.Text(column));
  const std::int64_t id = row.Int(column);
  if (id == 0) return std::string();  // NULL: empty; numbers begin at 1
  if (auto known = texts_.find(id); known != texts_.end()) return known->second;
  select_->BindInt(1, id);
  TRY(const bool found, select_->Step());
  std::string text(found ? select_->Text(0) : std::string_view("?"));
  select_->Reset();
  return texts_.emplace(id, std::move(text)).first->second;
}

}  // namespace baton::record
