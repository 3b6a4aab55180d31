// Task<T>: a lazy coroutine that one other coroutine awaits.
//
// Problem: the request path is a chain of awaits across folders, and every folder that named an Asio type
// would pay Asio's compile time and tie itself to it. Options: asio::awaitable everywhere, a library
// (libcoro, cppcoro), or this page of code. We chose the page: it knows nothing of sockets, it lets net/
// keep Asio behind its .cc files, and a simulated loop can drive it in tests.
//
// A child that finishes without suspending returns to its parent on the same stack level (await_suspend says
// "do not suspend"), so a loop over a thousand ready reads does not grow the stack, sanitized builds
// included, where g++ does not guarantee tail calls. A child that did suspend resumes its parent by symmetric
// transfer.
//
// Threads: a task runs on one Loop from start to end; only that loop's thread may resume it.
// Lifetime: the Task object owns the frame; destroying it before the end destroys the frame and everything
// in it. Do not destroy a task that waits in an operation which still holds its handle: cancel first.
// Never write a capturing lambda coroutine: the captures die with the lambda, not with the frame.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

namespace baton {

template <class T = void>
class Task;

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> parent;
  bool parent_suspended = false;

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      PromiseBase& p = self.promise();
      if (p.parent_suspended) return p.parent;
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  // Our code returns errors as values; what arrives here is a bug or out-of-memory, and both end the process.
  void unhandled_exception() noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle h) : handle_(h) {}
  Task(Task&& o) noexcept : handle_(std::exchange(o.handle_, {})) {}
  Task& operator=(Task&& o) noexcept {
    if (this != &o) {
      Reset();
      handle_ = std::exchange(o.handle_, {});
    }
    return *this;
  }
  ~Task() { Reset(); }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> parent) {
    auto& p = handle_.promise();
    p.parent = parent;
    handle_.resume();
    if (handle_.done()) return false;
    p.parent_suspended = true;
    return true;
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*handle_.promise().value);
  }

 private:
  void Reset() {
    if (handle_) std::exchange(handle_, {}).destroy();
  }
  Handle handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
inline Detached RunDetached(Task<void> task) {
  co_await task;
}
}  // namespace detail

// Starts `task` now, on the calling thread, and frees it when it ends. Whoever spawns must see to it that
// what the task refers to outlives it (TaskGroup waits for that).
inline void Spawn(Task<void> task) {
  detail::RunDetached(std::move(task));
}

}  // namespace baton
