#include "base/secret.h"

#include <string.h>

namespace baton {

Secret::Secret(std::string value) : value_(std::make_unique<std::string>(value)) {
  explicit_bzero(value.data(), value.size());
}

Secret& Secret::operator=(Secret&& o) noexcept {
  Secret taken = std::move(o);
  value_.swap(taken.value_);  // what was here before is wiped with `taken`
  return *this;
}

Secret::~Secret() {
  if (value_) explicit_bzero(value_->data(), value_->size());
}

}  // namespace baton
