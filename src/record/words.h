// The dictionary: a text that comes again is stored once and named by number.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/database.h"

namespace baton::record {

// The writer's side. A text earns a number when it is seen for the second time, so that a client that invents
// a new model name per request cannot fill the dictionary; at most kMaxWords of at most kMaxWord bytes, the
// rest stays text in its row. After a rolled-back transaction the dictionary must be loaded anew.
class Words {
 public:
  static constexpr std::size_t kMaxWords = 16'384, kMaxWord = 512;

  static Result<Words> Load(store::Database& db);
  // A text and its number; lives as long as the dictionary.
  using Word = std::pair<const std::string, std::int64_t>;
  // The word, or null if `text` has not earned a number. REQUIRES: not empty.
  Result<const Word*> Get(std::string_view text);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  bool SeenBefore(std::string_view text);

  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> ids_;
  std::unique_ptr<store::Statement> insert_;
  std::int64_t last_ = 0;
  // Hashes of texts seen once, each in the slot it falls into; a newer one takes the slot.
  std::array<std::size_t, 4096> seen_{};
};

// The reader's side: from a column to its text, with what was looked up kept.
class WordReader {
 public:
  static Result<WordReader> Open(store::Database& db);
  Result<std::string> Get(const store::Statement& row, int column);

 private:
  std::unique_ptr<store::Statement> select_;
  std::unordered_map<std::int64_t, std::string> texts_;
};

}  // namespace baton::record
