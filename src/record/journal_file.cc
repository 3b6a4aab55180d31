// Opening the journal's file: create, lock, check, map. What its bytes mean is journal.cc's.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/random.h"
#include "record/journal.h"
#include "record/journal_form.h"

namespace baton::record {
namespace {

Error FromErrno(std::string_view doing, const std::string& path, int error) {
  const std::string message = fmt::format("cannot {} {}: {}", doing, path, std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) {
    return Fail(Code::kUnavailable, message + "; make room on the disk of the store", "disk_full");
  }
  if (error == EACCES || error == EROFS || error == EPERM) {
    return Fail(Code::kUnavailable, message + "; make the store's folder writable", "store_read_only");
  }
  return Fail(Code::kUnavailable, message, "store_cannot_open");
}

Result<FileHeader> ReadHeader(int fd, const std::string& path) {
  FileHeader h{};
  const ssize_t n = ::pread(fd, &h, sizeof(h), 0);
  if (n < 0) return FromErrno("read", path, errno);
  return h;  // of a shorter file the rest stays zero
}

bool AllZero(const FileHeader& h) {
  static constexpr FileHeader kZero{};
  return std::memcmp(&h, &kZero, sizeof(h)) == 0;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(const JournalOptions& options) {
  std::unique_ptr<Journal> j(new Journal());
  j->path_ = options.path;
  j->max_records_ = options.max_records;
  j->segment_bytes_ = options.segment_bytes;
  j->segments_ = std::max<std::size_t>(2, options.bytes / options.segment_bytes);
  if (!options.path.empty()) TRY_VOID(j->MapFile());
  if (options.path.empty()) TRY_VOID(j->Map());
  j->Recover();
  return j;
}

Status Journal::MapFile() {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd_ < 0) return FromErrno("open", path_, errno);
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return FromErrno("lock", path_, errno);
    return Fail(
        Code::kConflict,
        fmt::format("another process records into this store (it holds {}); stop it, or give this server "
                    "another `store:`",
                    path_),
        "store_in_use");
  }
  TRY(FileHeader header, ReadHeader(fd_, path_));
  // All zero: new, or a process died while it was creating the file (the header is written last).
  if (AllZero(header)) return Create();
  TRY_VOID(CheckHeader(header));
  id_ = header.id;
  segment_bytes_ = header.segment_bytes;
  segments_ = header.segments;
  TRY_VOID(Reserve());
  return Map();
}

Status Journal::CheckHeader(const FileHeader& header) {
  const char* advice = "move the file away if it is not needed";
  if (std::memcmp(header.magic, kJournalMagic, sizeof(header.magic)) != 0) {
    return Fail(Code::kConflict, fmt::format("{} is not a journal of Baton; {}", path_, advice),
                "journal_foreign");
  }
  if (header.version > kJournalVersion) {
    return Fail(
        Code::kConflict,
        fmt::format("{} was written by a newer Baton (form {}, this one knows {}); start that one once so "
                    "that it empties the journal, or {}",
                    path_, header.version, kJournalVersion, advice),
        "journal_newer");
  }
  const bool sane = header.segment_bytes >= 4096 && header.segment_bytes % 8 == 0 && header.segments >= 2 &&
                    header.segment_bytes <= (1u << 30) && header.segments <= (1u << 20);
  if (header.check != Check(header) || !sane) {
    return Fail(Code::kConflict, fmt::format("the head of {} is damaged; {}", path_, advice),
                "journal_damaged");
  }
  return {};
}

// Takes the disk space now: a mapped page without space behind it would kill the process when it is written.
// A file that was cut short is filled up with zeros, which read as segments not in use.
Status Journal::Reserve() {
  struct stat st {};
  const auto want = static_cast<off_t>(kFileHeaderBytes + segments_ * segment_bytes_);
  if (::fstat(fd_, &st) != 0) return FromErrno("inspect", path_, errno);
  if (st.st_size > 0 && st.st_size < want) {
    recovery_.damages.push_back(fmt::format("{} was cut short at byte {}; records behind that are lost",
                                            path_, static_cast<long long>(st.st_size)));
  }
  const int error = ::posix_fallocate(fd_, 0, want);
  if (error != 0) return FromErrno("reserve space for", path_, error);
  return {};
}

Status Journal::Create() {
  if (::ftruncate(fd_, 0) != 0) return FromErrno("write", path_, errno);
  TRY_VOID(Reserve());
  FileHeader h{};
  std::memcpy(h.magic, kJournalMagic, sizeof(h.magic));
  h.version = kJournalVersion;
  h.id = id_ = EntropySeed() | 1;  // never zero, which stands for "no journal" in the store
  h.segment_bytes = segment_bytes_;
  h.segments = segments_;
  h.check = Check(h);
  if (::pwrite(fd_, &h, sizeof(h), 0) != static_cast<ssize_t>(sizeof(h)))
    return FromErrno("write", path_, errno);
  return Map();
}

Status Journal::Map() {
  map_bytes_ = kFileHeaderBytes + segments_ * segment_bytes_;
  const int flags = fd_ >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  void* at = ::mmap(nullptr, map_bytes_, PROT_READ | PROT_WRITE, flags, fd_, 0);
  if (at == MAP_FAILED) return FromErrno("map", path_.empty() ? "memory for the journal" : path_, errno);
  map_ = static_cast<char*>(at);
  return {};
}

}  // namespace baton::record
