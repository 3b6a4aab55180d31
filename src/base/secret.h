// Secret: a provider key. It cannot be printed, logged, compared, copied or turned into a string by accident.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace baton {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value);
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret&& o) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  bool empty() const { return !value_ || value_->empty(); }
  // The one way to the text. Only provider auth (pool/http_backend.cc) may call it; `make check` says so.
  std::string_view Reveal() const { return value_ ? std::string_view(*value_) : std::string_view(); }

 private:
  // On the heap, so that moving a Secret never leaves a copy of a short key behind.
  std::unique_ptr<std::string> value_;
};

template <class Stream>
Stream& operator<<(Stream&, const Secret&) = delete;

}  // namespace baton
