// std::mutex with the attributes that clang's thread-safety analysis reads (no effect under g++).
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define BATON_TSA(x) __attribute__((x))
#else
#define BATON_TSA(x)
#endif
#define GUARDED_BY(m) BATON_TSA(guarded_by(m))
#define REQUIRES_LOCK(m) BATON_TSA(requires_capability(m))

namespace baton {

class BATON_TSA(capability("mutex")) Mutex {
 public:
  void Lock() BATON_TSA(acquire_capability()) { m_.lock(); }
  void Unlock() BATON_TSA(release_capability()) { m_.unlock(); }
  // For CondVar only.
  std::mutex& native() { return m_; }

 private:
  std::mutex m_;
};

class BATON_TSA(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& m) BATON_TSA(acquire_capability(m)) : m_(m) { m_.Lock(); }
  ~MutexLock() BATON_TSA(release_capability()) { m_.Unlock(); }
  MutexLock(const MutexLock&) = delete;

 private:
  friend class CondVar;
  Mutex& m_;
};

class CondVar {
 public:
  // Waits with `lock` held, releasing it meanwhile. Wakes may be spurious: loop on the condition.
  void Wait(MutexLock& lock) {
    std::unique_lock<std::mutex> l(lock.m_.native(), std::adopt_lock);
    c_.wait(l);
    l.release();
  }
  template <class D>
  void WaitFor(MutexLock& lock, D d) {
    std::unique_lock<std::mutex> l(lock.m_.native(), std::adopt_lock);
    c_.wait_for(l, d);
    l.release();
  }
  void NotifyOne() { c_.notify_one(); }
  void NotifyAll() { c_.notify_all(); }

 private:
  std::condition_variable c_;
};

}  // namespace baton
