#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <new>
#include <utility>

namespace baton {

// A page or more per key costs 4 KB each and a system call at start; a server has tens of keys. Sharing pages
// would need an allocator that outlives all of them.
Secret::Secret(std::string value) {
  if (value.empty()) return;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  mapped_ = (value.size() + page - 1) / page * page;
  void* at = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  locked_ = mlock(at, mapped_) == 0;
  // Older kernels may not know these; the limit on core files holds without them.
  (void)madvise(at, mapped_, MADV_DONTDUMP);
  (void)madvise(at, mapped_, MADV_WIPEONFORK);
  text_ = static_cast<char*>(at);
  size_ = value.size();
  value.copy(text_, size_);
  explicit_bzero(value.data(), value.size());
}

Secret::Secret(Secret&& o) noexcept
    : text_(std::exchange(o.text_, nullptr)),
      size_(std::exchange(o.size_, 0)),
      mapped_(std::exchange(o.mapped_, 0)),
      locked_(std::exchange(o.locked_, false)) {}

Secret& Secret::operator=(Secret&& o) noexcept {
  Secret taken = std::move(o);
  // What was here before is wiped with `taken`.
  std::swap(text_, taken.text_);
  std::swap(size_, taken.size_);
  std::swap(mapped_, taken.mapped_);
  std::swap(locked_, taken.locked_);
  return *this;
}

Secret::~Secret() {
  if (text_ == nullptr) return;
  explicit_bzero(text_, mapped_);
  munmap(text_, mapped_);
}

}  // namespace baton
