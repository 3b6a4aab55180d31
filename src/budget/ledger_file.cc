// How a change of many words survives a kill: before it touches anything, the stripe's redo list says which
// words get which values; then the list is armed, the words are written, the list is disarmed. The lock is a
// robust one: when its holder dies, the next to lock it is told so and, if the list is armed, writes the
// words again. Values are absolute, so twice is as good as once. 256 words and a lock cost 4 KB a stripe.
//
// Who lives is asked of the kernel: each process keeps a byte of the file locked, and such a lock (of an open
// file description) ends with its holder, however it ends.
#include "budget/ledger_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace baton::budget {
namespace {

constexpr std::int64_t kMagic = 0x31676454416e7442;  // "BtnATdg1"
constexpr std::int64_t kVersion = 1;
// Far behind the data, so that no lock of a byte says anything about it.
constexpr std::int64_t kFirstLockByte = std::int64_t{1} << 40;
constexpr std::int64_t kOpening = 1000;

[[noreturn]] void Broken(const char* what) {
  std::fprintf(stderr, "baton: broken invariant in budget/ledger_file: %s\n", what);
  std::abort();
}

Error IoError(const std::string& path, const char* doing) {
  return Fail(Code::kInternal, path + ": cannot " + doing + ": " + std::strerror(errno), "ledger_io");
}

struct flock ByteLock(short type, std::int64_t byte) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = kFirstLockByte + byte;
  lock.l_len = 1;
  return lock;
}

}  // namespace

Result<std::unique_ptr<LedgerFile>> LedgerFile::Open(const std::string& path, Layout layout) {
  if (layout.lines % kBlock != 0 || layout.lines / kBlock > kMaxBlocks) Broken("layout");
  std::unique_ptr<LedgerFile> file(new LedgerFile());
  file->layout_ = layout;
  file->accounts_ = file->Stripe(kStripes + 1);
  file->lines_ = file->accounts_ + layout.accounts * kRecordWords;
  file->bytes_ = (file->lines_ + layout.lines * kRecordWords) * sizeof(std::int64_t);
  TRY_VOID(file->MapFile(path));
  return file;
}

Status LedgerFile::MapFile(const std::string& path) {
  const bool memory = path.empty();
  if (!memory) {
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0) return IoError(path, "open the ledger");
    // One at a time: who makes the file, who finds it abandoned.
    if (!LockByte(kOpening, true)) return IoError(path, "lock the ledger");
    struct stat info {};
    if (::fstat(fd_, &info) != 0) return IoError(path, "look at the ledger");
    // Without its first word it is empty, or somebody was killed while making it: nothing was in it yet.
    std::int64_t magic = 0;
    created_ = ::pread(fd_, &magic, sizeof(magic), 0) != sizeof(magic) || magic == 0;
    if (!created_ && info.st_size != static_cast<off_t>(bytes_)) {
      return Fail(Code::kConflict,
                  path + " is no ledger of this version of Baton; move it away to begin with a new one",
                  "ledger_foreign");
    }
    // Space is taken now: a full disk must not show as a fault in the middle of a change.
    if (const int error = ::posix_fallocate(fd_, 0, static_cast<off_t>(bytes_)); error != 0) {
      errno = error;
      if (created_) (void)::ftruncate(fd_, 0);
      return IoError(path, "take space for the ledger");
    }
  }
  const int flags = memory ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void* at = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, flags, fd_, 0);
  if (at == MAP_FAILED) return IoError(path, "map the ledger");
  words_ = static_cast<std::int64_t*>(at);
  if (!created_) TRY_VOID(Check());
  for (std::size_t i = 0; i < kOwners && !memory; ++i)
    first_ = first_ && !ByteIsLocked(static_cast<std::int64_t>(i));
  // The locks of a machine that was switched off mean nothing.
  if (first_) InitLocks();
  if (created_) TRY_VOID(Create());
  Status taken = TakeOwner();
  if (!memory) UnlockByte(kOpening);
  return taken;
}

Status LedgerFile::Create() {
  Put(kHeaderVersion, kVersion);
  Put(kHeaderAccounts, static_cast<std::int64_t>(layout_.accounts));
  Put(kHeaderLines, static_cast<std::int64_t>(layout_.lines));
  Put(kHeaderMagic, kMagic);
  return {};
}

Status LedgerFile::Check() const {
  if (Get(kHeaderMagic) != kMagic) {
    return Fail(Code::kConflict, "the file beside the store that should be the ledger is none; move it away",
                "ledger_foreign");
  }
  if (Get(kHeaderVersion) != kVersion ||
      Get(kHeaderAccounts) != static_cast<std::int64_t>(layout_.accounts) ||
      Get(kHeaderLines) != static_cast<std::int64_t>(layout_.lines)) {
    return Fail(Code::kConflict, "the ledger was written by another version of Baton; use that one",
                "ledger_newer");
  }
  return {};
}

Status LedgerFile::TakeOwner() {
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(kOwners); ++i) {
    const Word state = kHeaderOwners + static_cast<Word>(i);
    // One that is marked but not locked has died; what it held is returned before its number is used again.
    if (Get(state) != 0 || !LockByte(i, false)) continue;
    Put(state, 1);
    owner_ = i;
    return {};
  }
  return Fail(Code::kOverloaded, "too many processes share this ledger", "ledger_owners");
}

LedgerFile::~LedgerFile() {
  if (words_ != nullptr && owner_ >= 0) Put(kHeaderOwners + static_cast<Word>(owner_), 0);
  if (words_ != nullptr) ::munmap(words_, bytes_);
  if (fd_ >= 0) ::close(fd_);
}

void LedgerFile::Abandon() {
  // A mapping keeps the file's locks alive: memory of nobody takes its place, so that who still holds a line
  // of it writes into the void.
  void* at = ::mmap(words_, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (at != words_) Broken("cannot abandon a ledger");
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  owner_ = -1;
}

void LedgerFile::InitLocks() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  for (std::size_t s = 0; s <= kStripes; ++s) {
    Replay(s);
    static_assert(sizeof(pthread_mutex_t) <= (kMutexWords - 1) * sizeof(std::int64_t));
    pthread_mutex_init(reinterpret_cast<pthread_mutex_t*>(words_ + Stripe(s)), &attributes);
  }
  pthread_mutexattr_destroy(&attributes);
}

void LedgerFile::Lock(std::size_t stripe) {
  auto* mutex = reinterpret_cast<pthread_mutex_t*>(words_ + Stripe(stripe));
  const int rc = pthread_mutex_lock(mutex);
  if (rc == 0) return;
  if (rc != EOWNERDEAD) Broken("a lock of the ledger cannot be taken");
  Replay(stripe);
  pthread_mutex_consistent(mutex);
}

void LedgerFile::Unlock(std::size_t stripe) {
  pthread_mutex_unlock(reinterpret_cast<pthread_mutex_t*>(words_ + Stripe(stripe)));
}

void LedgerFile::Replay(std::size_t stripe) {
  const Word armed = Stripe(stripe) + kMutexWords - 1, list = Stripe(stripe) + kMutexWords;
  const auto count = static_cast<std::size_t>(Ref(armed).load(std::memory_order_acquire));
  if (count > kMaxEdits) Broken("a redo list of the ledger is damaged");
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = static_cast<Word>(Get(list + 2 * i));
    if (at >= bytes_ / sizeof(std::int64_t)) Broken("a redo list of the ledger is damaged");
    Put(at, Get(list + 2 * i + 1));
  }
  Put(armed, 0);
}

LedgerFile::Edit::Edit(LedgerFile& file, std::size_t stripe) : file_(file), stripe_(stripe) {
  file_.Lock(stripe);
}

LedgerFile::Edit::~Edit() {
  file_.Unlock(stripe_);
}

void LedgerFile::Edit::Set(Word at, std::int64_t value) {
  if (count_ == kMaxEdits) Broken("an edit is too large");
  const Word list = file_.Stripe(stripe_) + kMutexWords + 2 * count_++;
  file_.Ref(list).store(static_cast<std::int64_t>(at), std::memory_order_relaxed);
  file_.Ref(list + 1).store(value, std::memory_order_relaxed);
}

void LedgerFile::Edit::Commit() {
  if (count_ == 0) return;
  const Word armed = file_.Stripe(stripe_) + kMutexWords - 1, list = armed + 1;
  const auto step = [this](std::size_t n) {
    if (file_.on_step) file_.on_step(n);
  };
  step(0);
  // The list before the word that arms it, that before the first change, all changes before it is disarmed.
  file_.Ref(armed).store(static_cast<std::int64_t>(count_), std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i < count_; ++i) {
    step(i + 1);
    file_.Ref(static_cast<Word>(file_.Get(list + 2 * i)))
        .store(file_.Get(list + 2 * i + 1), std::memory_order_relaxed);
  }
  step(count_ + 1);
  file_.Ref(armed).store(0, std::memory_order_release);
  count_ = 0;
}

std::vector<std::int64_t> LedgerFile::DeadOwners() {
  std::vector<std::int64_t> dead;
  if (fd_ < 0) return dead;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(kOwners); ++i) {
    if (i == owner_ || Get(kHeaderOwners + static_cast<Word>(i)) == 0 || !LockByte(i, false)) continue;
    // Given back, or buried by another, between the look and the lock.
    if (Get(kHeaderOwners + static_cast<Word>(i)) == 0) {
      UnlockByte(i);
      continue;
    }
    dead.push_back(i);
  }
  return dead;
}

void LedgerFile::Bury(std::int64_t owner) {
  Put(kHeaderOwners + static_cast<Word>(owner), 0);
  UnlockByte(owner);
}

Status LedgerFile::Sync() {
  if (fd_ < 0) return {};
  if (::msync(words_, bytes_, MS_SYNC) != 0) return IoError("ledger", "write the ledger to the disk");
  return {};
}

bool LedgerFile::LockByte(std::int64_t byte, bool wait) const {
  if (fd_ < 0) return true;
  struct flock lock = ByteLock(F_WRLCK, byte);
  int rc = 0;
  do rc = ::fcntl(fd_, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
  while (rc != 0 && errno == EINTR);
  return rc == 0;
}

void LedgerFile::UnlockByte(std::int64_t byte) const {
  struct flock lock = ByteLock(F_UNLCK, byte);
  (void)::fcntl(fd_, F_OFD_SETLK, &lock);
}

bool LedgerFile::ByteIsLocked(std::int64_t byte) const {
  struct flock lock = ByteLock(F_WRLCK, byte);
  return ::fcntl(fd_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace baton::budget
