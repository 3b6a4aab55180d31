// The ledger's memory: a mapped file of 64-bit words, shared by all processes that open it, in which a change
// of many words either happened or did not, whoever is killed when. ledger.cc says what the words mean and
// why it is done this way.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace baton::budget {

// Position of a 64-bit word in the file.
using Word = std::size_t;

class LedgerFile {
 public:
  struct Layout {
    std::size_t accounts = 65'536, lines = 32'768;  // lines: a multiple of kBlock
  };
  static constexpr std::size_t kStripes = 256, kOwners = 32, kBlock = 256, kRecordWords = 16;
  // The lock that guards which account, owner or block is whose.
  static constexpr std::size_t kTable = kStripes;

  // Opens or creates the file; an empty path gives plain memory of this process alone. kConflict
  // "ledger_foreign" for a file that is none, "ledger_newer" for another version or size; kOverloaded
  // "ledger_owners" when 32 processes have it open; kInternal "ledger_io" otherwise.
  static Result<std::unique_ptr<LedgerFile>> Open(const std::string& path, Layout layout);
  // Gives the owner's number back: everything it held must have been returned. After a kill -9 the number is
  // found dead instead (DeadOwners).
  ~LedgerFile();
  LedgerFile(const LedgerFile&) = delete;

  std::int64_t Get(Word at) const { return Ref(at).load(std::memory_order_relaxed); }
  // One word alone, for words of which only this process is the writer.
  void Put(Word at, std::int64_t value) { Ref(at).store(value, std::memory_order_release); }

  // Whole changes. Holds the stripe's lock while it lives.
  class Edit {
   public:
    Edit(LedgerFile& file, std::size_t stripe);
    ~Edit();
    Edit(const Edit&) = delete;
    // Counts from Commit() on; of one word the last value. At most kMaxEdits; Get() still gives the old
    // value.
    void Set(Word at, std::int64_t value);
    // All words of the change, or none if the process dies.
    void Commit();

   private:
    LedgerFile& file_;
    const std::size_t stripe_;
    std::size_t count_ = 0;
  };
  static constexpr std::size_t kMaxEdits = 256;

  // Where things stand.
  Word Account(std::size_t index) const { return accounts_ + index * kRecordWords; }
  Word Line(std::size_t index) const { return lines_ + index * kRecordWords; }
  // Owner number plus one of a block of lines; 0: nobody's.
  Word BlockOwner(std::size_t block) const { return kHeaderBlocks + block; }
  Word Calendar(std::size_t i) const { return kHeaderCalendar + i; }
  const Layout& layout() const { return layout_; }

  std::int64_t owner() const { return owner_; }
  // Nobody else had the file open when this process opened it.
  bool first() const { return first_; }
  // The file is new.
  bool created() const { return created_; }

  // Owners whose process has ended without giving its number back. Each is locked for the caller, which
  // returns what they held and calls Bury(); so only one process does it.
  std::vector<std::int64_t> DeadOwners();
  void Bury(std::int64_t owner);

  // Writes changed pages to the disk; for the day the power fails. Milliseconds.
  Status Sync();
  // For tests: behaves from here on as if the process had been killed. The object is of no further use.
  void Abandon();
  // For tests: called before each step of a commit; may end the process.
  void (*on_step)(std::size_t step) = nullptr;

 private:
  static constexpr Word kHeaderMagic = 0, kHeaderVersion = 1, kHeaderAccounts = 2, kHeaderLines = 3,
                        kHeaderCalendar = 8, kHeaderOwners = 16, kHeaderBlocks = 64;
  static constexpr std::size_t kHeaderWords = 1024;
  static constexpr std::size_t kMaxBlocks = kHeaderWords - kHeaderBlocks;
  static constexpr std::size_t kMutexWords = 16, kStripeWords = kMutexWords + 2 * kMaxEdits;

  LedgerFile() = default;
  std::atomic_ref<std::int64_t> Ref(Word at) const { return std::atomic_ref<std::int64_t>(words_[at]); }
  Word Stripe(std::size_t stripe) const { return kHeaderWords + stripe * kStripeWords; }
  Status MapFile(const std::string& path);
  Status Create();
  Status Check() const;
  Status TakeOwner();
  void InitLocks();
  void Lock(std::size_t stripe);
  void Unlock(std::size_t stripe);
  void Replay(std::size_t stripe);
  // Byte locks beside the data: they end with the process.
  bool LockByte(std::int64_t byte, bool wait) const;
  void UnlockByte(std::int64_t byte) const;
  bool ByteIsLocked(std::int64_t byte) const;

  Layout layout_;
  Word accounts_ = 0, lines_ = 0;
  std::size_t bytes_ = 0;
  int fd_ = -1;
  std::int64_t* words_ = nullptr;
  std::int64_t owner_ = -1;
  bool first_ = true, created_ = true;
};

}  // namespace baton::budget
