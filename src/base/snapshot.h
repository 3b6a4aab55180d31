// Snapshot<T>: an immutable value that is replaced as a whole.
//
// Readers take a shared_ptr once per exchange and keep it to its end, so one exchange never sees two configs.
// std::atomic<shared_ptr> of libstdc++ 12 spins on a bit; a plain mutex held for a pointer copy costs the
// same and reads better.
#pragma once

#include <memory>

#include "base/mutex.h"

namespace baton {

template <class T>
class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<const T> first) : value_(std::move(first)) {}
  // Thread safe. Never null if the first was not.
  std::shared_ptr<const T> Get() const {
    MutexLock lock(m_);
    return value_;
  }
  // Thread safe. Who holds the old value keeps it.
  void Set(std::shared_ptr<const T> next) {
    MutexLock lock(m_);
    value_.swap(next);
  }

 private:
  mutable Mutex m_;
  std::shared_ptr<const T> value_ GUARDED_BY(m_);
};

}  // namespace baton
