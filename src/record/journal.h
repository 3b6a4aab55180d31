// The journal: where a record is safe from a killed process before the reply's last byte leaves.
//
// A memory-mapped file of equal segments that are used over and over. Appending copies the record into the
// mapping, no system call: the pages belong to the kernel's page cache, which outlives the process. The
// writer thread takes records out, commits them to the store and releases them; what was not released is
// found again at the next Open(). The form on disk is frozen in docs/format/provenance.md.
//
// Threads: Append, Find, depth from any; Read, Rewind, Release from one consumer at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/mutex.h"
#include "base/result.h"

namespace baton::record {

struct JournalOptions {
  std::string path;                           // empty: plain memory, nothing survives
  std::size_t bytes = std::size_t{32} << 20;  // rounded to whole segments, at least two
  std::size_t segment_bytes = std::size_t{256} << 10;
  std::size_t max_records = 100'000;
};

struct FileHeader;

class Journal {
 public:
  struct Entry {
    std::uint64_t seq = 0;  // strictly increasing, never reused for this store
    ExchangeId id = 0;
    std::string_view payload;
  };
  // What Open() found in an existing file.
  struct Recovery {
    std::size_t records = 0;           // not known to be released
    std::vector<std::string> damages;  // one sentence each: what could not be read, and what follows from it
  };

  // Creates the file where there is none, and takes its lock: kConflict ("store_in_use") while another
  // process has it. A file that is no journal ("journal_foreign") or of a newer Baton ("journal_newer") is
  // refused and left as it is. Disk space is taken here, so that appending can never fail for want of it.
  static Result<std::unique_ptr<Journal>> Open(const JournalOptions& options);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // A random number fixed when the file was created: the store notes with it how far it has read.
  std::uint64_t id() const { return id_; }
  const Recovery& recovery() const { return recovery_; }
  // New records get numbers after `seq`, whatever the file held.
  void StartAfter(std::uint64_t seq);

  // False: full (or `payload` longer than a segment), nothing changed. Otherwise the record outlives the
  // process from here on. Never waits but for other appends' copies.
  bool Append(ExchangeId id, std::string_view payload);

  // Appends to `out` up to `max` entries that were not read yet. Payloads stay valid until released.
  void Read(std::size_t max, std::vector<Entry>& out);
  // The next Read() begins again at the first entry that is not released.
  void Rewind();
  // Everything up to `seq` is safe elsewhere; its space is free.
  void Release(std::uint64_t seq);

  // The payload of a record that is not released yet.
  std::optional<std::string> Find(ExchangeId id);
  // At least half of the records and of the segments are free. Does not take the lock.
  bool HasRoom() const { return room_.load(std::memory_order_relaxed); }
  // Records not released.
  std::size_t depth() const;
  // Number of the last record appended or found.
  std::uint64_t last_seq() const;

 private:
  // A segment in use. Records base .. base + count - 1 lie in it, ending at byte `end`.
  struct Live {
    std::size_t index = 0;
    std::uint64_t base = 0, count = 0;
    std::size_t end = 0;
  };
  Journal() = default;
  Status MapFile();
  Status CheckHeader(const FileHeader& header);
  Status Create();
  Status Reserve();
  Status Map();
  void Recover();
  void RecoverSegment(std::size_t index);
  char* Segment(std::size_t index) const;
  bool TakeSegment() REQUIRES_LOCK(m_);
  void Free(std::size_t index) REQUIRES_LOCK(m_);
  void NoteRoom() REQUIRES_LOCK(m_);

  // Constant after Open().
  std::string path_;
  int fd_ = -1;
  char* map_ = nullptr;
  std::size_t map_bytes_ = 0, segment_bytes_ = 0, segments_ = 0, max_records_ = 0;
  std::uint64_t id_ = 0;
  Recovery recovery_;

  mutable Mutex m_;
  std::vector<Live> live_ GUARDED_BY(m_);  // oldest first; appends go to the last if `open_`
  bool open_ GUARDED_BY(m_) = false;
  std::set<std::size_t> free_ GUARDED_BY(m_);       // the lowest is used first: few pages stay hot
  std::vector<std::size_t> parked_ GUARDED_BY(m_);  // to be free when no Find() looks at them any more
  int pins_ GUARDED_BY(m_) = 0;
  std::uint64_t next_ GUARDED_BY(m_) = 1, released_ GUARDED_BY(m_) = 0;
  std::size_t depth_ GUARDED_BY(m_) = 0;
  std::atomic<bool> room_ = true;  // atomic: read by every request

  // The consumer's place: next record to read is `cursor_seq_`, at `cursor_offset_` of the segment that
  // begins with `cursor_base_` (0: the first one in use).
  std::uint64_t cursor_base_ = 0, cursor_seq_ = 0;
  std::size_t cursor_offset_ = 0;
};

}  // namespace baton::record
