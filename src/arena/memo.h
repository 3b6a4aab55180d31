// What has been computed once need not be computed again: exact keys, in memory, and in a file when one is
// named.
//
// Rollouts repeat themselves: thirty candidate policies meet the same problem and ask the same worker the
// same thing. The key is the whole question, byte for byte, no digest; a hit is the very reply. Only what is
// repeatable by contract is ever kept (temperature 0, or a seed), so a hit changes no result, only the time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "base/result.h"
#include "store/database.h"

namespace baton::arena {

class Memo {
 public:
  struct Options {
    std::string path;                    // SQLite; empty: memory only
    std::size_t max_bytes = 512u << 20;  // keys and values in memory and file; beyond: nothing more is kept
    store::Faults* faults = nullptr;
  };
  // Reads the file's entries. Errors of store/; a file that another program made is refused, not changed.
  static Result<std::unique_ptr<Memo>> Open(Options options);

  // Thread safe. Keep() writes through; a full disk costs the entry's place in the file, not in memory.
  std::optional<std::string> Find(const std::string& key);
  void Keep(const std::string& key, const std::string& value);

  struct Counts {
    std::uint64_t hits = 0, misses = 0, kept = 0, refused = 0, write_errors = 0;
  };
  Counts counts() const;

 private:
  Memo() = default;
  mutable Mutex m_;
  std::unordered_map<std::string, std::string> entries_ GUARDED_BY(m_);
  std::unique_ptr<store::Database> db_ GUARDED_BY(m_);
  std::unique_ptr<store::Statement> insert_ GUARDED_BY(m_);
  Counts counts_ GUARDED_BY(m_);
  std::size_t bytes_ GUARDED_BY(m_) = 0;
  std::size_t max_bytes_ = 0;
};

}  // namespace baton::arena
