#include "base/cancel.h"

#include <algorithm>
#include <cassert>

namespace baton {

Cancel::Cancel(Cancel* parent) {
  if (parent) parent_ = parent->OnFire([this, parent] { Fire(parent->why()); });
}

Cancel::~Cancel() {
  assert(calls_.empty() && "a registration outlived its Cancel");
}

void Cancel::Fire(Why why) {
  if (fired()) return;
  why_ = why;
  // What is called may unregister others, so take the head anew each time.
  while (!calls_.empty()) {
    auto fn = std::move(calls_.front().second);
    calls_.erase(calls_.begin());
    fn();
  }
}

Cancel::Registration Cancel::OnFire(std::function<void()> fn) {
  if (fired()) {
    fn();
    return {};
  }
  Registration r;
  r.from_ = this;
  r.id_ = ++last_id_;
  calls_.emplace_back(r.id_, std::move(fn));
  return r;
}

void Cancel::Remove(std::uint64_t id) {
  auto at = std::find_if(calls_.begin(), calls_.end(), [id](const auto& c) { return c.first == id; });
  if (at != calls_.end()) calls_.erase(at);
}

}  // namespace baton
