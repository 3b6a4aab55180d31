#include "budget/window.h"

#include <algorithm>

namespace baton::budget {

void Window::Advance(std::int64_t now) {
  if (now <= newest_) return;  // another thread's later second has been here
  for (std::int64_t s = std::max(newest_ + 1, now - kSeconds + 1); s <= now; ++s) {
    sum_ -= Of(s);
    Of(s) = 0;
  }
  newest_ = now;
}

std::int64_t Window::Used(std::int64_t now) {
  Advance(now);
  return sum_;
}

void Window::Add(std::int64_t at, std::int64_t n, std::int64_t now) {
  Advance(now);
  if (at <= newest_ - kSeconds || at > newest_) return;
  Of(at) += n;
  sum_ += n;
}

std::optional<std::int64_t> Window::Until(std::int64_t most, std::int64_t now) {
  Advance(now);
  if (most < 0) return std::nullopt;
  std::int64_t left = sum_;
  for (std::int64_t s = newest_ - kSeconds + 1; s <= newest_; ++s) {
    if (left <= most) return std::max<std::int64_t>(s - 1 + kSeconds - now, 0);
    left -= Of(s);
  }
  return newest_ + kSeconds - now;
}

}  // namespace baton::budget
