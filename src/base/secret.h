// Secret: a provider key. It cannot be printed, logged, compared, copied or turned into a string by accident.
//
// Its text lies on pages of its own, which the kernel is asked not to swap out, not to write into a core file
// and to show empty to a forked child; they are wiped when it goes. What it is copied into on its way to the
// wire (a request's header, the socket's buffer) is not: those copies last as long as the request is being
// sent.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton {

class Secret {
 public:
  Secret() = default;
  // `value` is wiped; what the caller moved or copied it from is the caller's affair.
  explicit Secret(std::string value);
  Secret(Secret&& o) noexcept;
  Secret& operator=(Secret&& o) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  bool empty() const { return size_ == 0; }
  // The kernel promised to keep it out of the swap space. False where the limit on locked memory is used up:
  // then it is a secret all the same.
  bool locked() const { return locked_; }
  // The one way to the text. Only pool/credential.cc and net/endpoint.cc may call it; `make check` says so.
  std::string_view Reveal() const { return {text_, size_}; }

 private:
  char* text_ = nullptr;  // whole pages
  std::size_t size_ = 0, mapped_ = 0;
  bool locked_ = false;
};

template <class Stream>
Stream& operator<<(Stream&, const Secret&) = delete;

}  // namespace baton
