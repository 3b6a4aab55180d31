// Errors are values, coded by what the caller should do next; nothing throws across a folder.
//
// `Result<T>` has the member names of std::expected (which g++ 12 lacks in C++20 mode), so that it can be
// replaced by it. An `Error` that is dropped on the floor does not compile (`[[nodiscard]]`).
#pragma once

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace baton {

// What the one who gets the error should do. The mapping to HTTP lives in api/error_reply.cc alone.
enum class Code {
  kInvalidRequest,    // change the request; a retry cannot help
  kUnauthenticated,   // bring a valid key
  kPermissionDenied,  // this key may not do that
  kNotFound,          // no such model, exchange, path
  kConflict,          // same idempotency key with another body, or still running
  kTooLarge,          // body, header or context above a limit
  kUnsupported,       // well-formed, but no worker here can honour it
  kOverBudget,        // money or tokens are spent; a retry cannot help until the period ends
  kRateLimited,       // try later, see `retry_after`
  kOverloaded,        // this server is at its own limit; try later
  kUnavailable,       // worker cannot be reached or is failing: another worker may serve
  kBadUpstream,       // worker answered with something that is not an answer
  kUpstreamRejected,  // worker refused the request itself (its 4xx): the client's request is at fault
  kDeadline,          // time ran out
  kCancelled,         // the one who asked has left
  kInternal,          // a bug or a broken disk here
};

// The code's stable snake_case name, for logs, metrics and records.
std::string_view CodeName(Code code);

struct Error {
  Code code = Code::kInternal;
  // One or two sentences for a person: what is wrong and what to do. Never holds a secret or raw content.
  std::string message;
  // Machine name of the particular refusal ("context_length_exceeded", "connect_timeout"); the name under
  // which it is counted. Empty: the code's own name.
  std::string reason;
  // The request field at fault ("messages[2].content"), or empty.
  std::string param;
  // Earliest useful retry, where known.
  std::optional<std::chrono::milliseconds> retry_after;
  // HTTP status the worker gave, where the error came from a worker; 0 otherwise.
  int upstream_status = 0;

  std::string_view Name() const { return reason.empty() ? CodeName(code) : std::string_view(reason); }
};

// Builds an Error in one line: `return Fail(Code::kNotFound, "no worker 'x'", "unknown_model")`.
inline Error Fail(Code code, std::string message, std::string reason = {}, std::string param = {}) {
  Error e;
  e.code = code;
  e.message = std::move(message);
  e.reason = std::move(reason);
  e.param = std::move(param);
  return e;
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by intent
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  // REQUIRES: has_value().
  T& value() & {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    assert(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  // REQUIRES: !has_value().
  Error& error() & {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  const Error& error() const& {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    assert(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  void value() const { assert(has_value()); }
  Error& error() & {
    assert(error_);
    return *error_;
  }
  const Error& error() const& {
    assert(error_);
    return *error_;
  }
  Error&& error() && {
    assert(error_);
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace baton

#define BATON_CONCAT_(a, b) a##b
#define BATON_CONCAT(a, b) BATON_CONCAT_(a, b)

// `TRY(auto x, Parse(s));` binds the value or returns the error. `TRY_VOID(Check());` for Status.
#define BATON_TRY_IMPL_(ret, tmp, lhs, expr) \
  auto tmp = (expr);                         \
  if (!tmp) ret std::move(tmp).error();      \
  lhs = std::move(tmp).value()
#define TRY(lhs, expr) BATON_TRY_IMPL_(return, BATON_CONCAT(try_, __LINE__), lhs, expr)
#define TRY_VOID(expr)                                                                  \
  do {                                                                                  \
    if (auto try_status_ = (expr); !try_status_) return std::move(try_status_).error(); \
  } while (0)
// The same inside a coroutine: `CO_TRY(auto n, co_await stream.Read(buf));`
#define CO_TRY(lhs, expr) BATON_TRY_IMPL_(co_return, BATON_CONCAT(try_, __LINE__), lhs, expr)
#define CO_TRY_VOID(expr)                                       \
  do {                                                          \
    auto try_status_ = (expr);                                  \
    if (!try_status_) co_return std::move(try_status_).error(); \
  } while (0)
