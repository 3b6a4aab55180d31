#include "pool/gate.h"

#include <utility>

namespace baton::pool {
namespace {

// Part of the answer itself, not of the envelope around it.
bool HasSubstance(const chat::Event& e) {
  using Kind = chat::Event::Kind;
  switch (e.kind) {
    case Kind::kText:
    case Kind::kRefusal:
      return !e.text.empty();
    case Kind::kStart:
    case Kind::kUsage:
    case Kind::kPassthrough:
      return false;
    default:
      return true;
  }
}

Task<Status> Done(Status status) {
  co_return status;
}

}  // namespace

Error LostRace() {
  return Fail(Code::kCancelled, "another worker's answer was faster", "lost_race");
}

bool Gate::MustOpen(const chat::Event& event) const {
  return HasSubstance(event) || held_.size() >= kMaxHeld || held_bytes_ > kMaxHeldBytes ||
         to_.loop->Now() - held_since_ >= kMaxHeldFor;
}

void Gate::Put(chat::Event event) {
  if (state_ == State::kOpen) {
    to_.sink->Put(std::move(event));
    return;
  }
  if (state_ == State::kShut) return;
  OnFirstByte();
  if (held_.empty()) held_since_ = to_.loop->Now();
  held_bytes_ += event.raw.size() + event.text.size();
  const bool open = MustOpen(event);
  held_.push_back(std::move(event));
  if (open) Release();
}

bool Gate::Release() {
  if (state_ != State::kHolding) return state_ == State::kOpen;
  if (to_.claim && !to_.claim()) {
    Shut();
    return false;
  }
  state_ = State::kOpen;
  if (!to_.sink) return true;
  if (to_.observer) {
    to_.observer->OnAnswering(*to_.worker, losses_, passthrough_, injected_usage_,
                              to_.loop->Now() - to_.started);
  }
  delivered_ = !held_.empty();
  for (chat::Event& e : held_) to_.sink->Put(std::move(e));
  held_.clear();
  return true;
}

Task<Status> Gate::Flush() {
  if (state_ == State::kOpen) return to_.sink->Flush();
  if (state_ == State::kHolding) return Done({});
  return Done(LostRace());
}

void Gate::OnEncoded(const std::vector<provider::Loss>& losses, bool passthrough, bool injected_usage) {
  losses_ = losses;
  passthrough_ = passthrough;
  injected_usage_ = injected_usage;
}

void Gate::OnFirstByte() {
  if (std::exchange(first_byte_seen_, true)) return;
  if (to_.on_first_byte) to_.on_first_byte();
}

}  // namespace baton::pool
