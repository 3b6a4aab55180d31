#include "guard/sink.h"

#include <algorithm>
#include <utility>

namespace baton::guard {
namespace {

using Kind = chat::Event::Kind;

std::size_t AskWindow(const Rules& rules) {
  std::size_t window = 0;
  for (const Rule& r : rules.all()) {
    if (r.asks()) window = std::max(window, r.window);
  }
  return window;
}

}  // namespace

bool GuardSink::IsText(const chat::Event& e) const {
  return e.kind == Kind::kText || e.kind == Kind::kRefusal || e.kind == Kind::kReasoning ||
         e.kind == Kind::kToolArguments;
}

void GuardSink::Put(chat::Event event) {
  if (word_.blocked) return;
  switch (event.kind) {
    case Kind::kStart:
    case Kind::kUsage:
    case Kind::kPassthrough:
      // What says nothing: waits for the first word, then keeps its place behind what is held.
      if (!delivered_ && Idle()) {
        first_.push_back(std::move(event));
      } else if (Idle()) {
        Let(std::move(event));
      } else {
        last_.push_back(std::move(event));
      }
      return;
    case Kind::kLogprobs:
      // Spells out the tokens of text that is not judged yet.
      return;
    default:
      break;
  }
  auto& slots = choices_[event.choice];
  const bool text = IsText(event);
  const bool same = text && !slots.empty() && slots.back().text && !slots.back().closed &&
                    slots.back().event.kind == event.kind && slots.back().event.index == event.index;
  if (!same) {
    if (!slots.empty()) slots.back().closed = true;
    Slot& slot = slots.emplace_back();
    slot.event.kind = event.kind;
    slot.event.index = event.index;
    slot.closed = !text;
    if (text) slot.text.emplace(rules_, event.kind == Kind::kToolArguments);
    if (!text) slot.event = std::move(event);
  }
  if (text) slots.back().text->Add(std::move(event));
}

bool GuardSink::Idle() const {
  return std::all_of(choices_.begin(), choices_.end(), [](const auto& c) { return c.second.empty(); });
}

void GuardSink::Let(chat::Event event) {
  if (!std::exchange(delivered_, true)) {
    open_();
    for (auto& e : std::exchange(first_, {})) Let(std::move(e));
  }
  if (IsText(event)) {
    told_ += event.text;
    if (told_.size() > 512) told_.erase(0, told_.size() - 256);
  }
  passed_.Add(event);
  to_.Put(std::move(event));
}

// True: the slot is done with.
Task<bool> GuardSink::AdvanceSlot(Slot& slot, bool ended) {
  if (!slot.text) {
    Let(std::move(slot.event));
    co_return true;
  }
  const bool over = slot.closed || ended;
  HeldText::Out out = slot.text->Release(over, &seen_);
  slot.said += out.text;
  altered_ = altered_ || out.altered;
  std::move(out.events.begin(), out.events.end(), std::back_inserter(slot.judged));
  const bool enough = over || out.blocked || slot.said.size() >= AskWindow(rules_);
  if (enough && rules_.asks() && ask_ && !slot.said.empty()) {
    std::string text = told_ + slot.said;
    const Word word = co_await ask_(std::move(text));
    if (word.blocked) {
      word_ = word;
      co_return false;
    }
  }
  if (enough || !rules_.asks()) {
    for (auto& e : slot.judged) Let(std::move(e));
    slot.judged.clear();
    slot.said.clear();
  }
  if (out.blocked) word_ = {out.blocked, out.fault};
  co_return over && !word_.blocked;
}

Task<void> GuardSink::Advance(bool ended) {
  for (auto& [choice, slots] : choices_) {
    while (!slots.empty() && !word_.blocked) {
      const bool done = co_await AdvanceSlot(slots.front(), ended && slots.size() == 1);
      if (!done) break;
      slots.pop_front();
    }
  }
  if (!ended || word_.blocked) co_return;
  for (auto& e : std::exchange(first_, {})) Let(std::move(e));  // an answer without a word
  for (auto& e : std::exchange(last_, {})) Let(std::move(e));
}

Task<Status> GuardSink::Flush() {
  if (!word_.blocked) co_await Advance(false);
  if (word_.blocked) {
    // What was clean in front of it goes out; the worker is told that nobody reads on.
    if (delivered_) (void)co_await to_.Flush();
    Status stop = word_.fault ? Faulted(*word_.blocked) : Blocked(*word_.blocked);
    co_return stop;
  }
  if (!delivered_) co_return Status();
  Status flushed = co_await to_.Flush();
  co_return flushed;
}

Task<Status> GuardSink::End() {
  if (!word_.blocked) co_await Advance(true);
  Status flushed = co_await Flush();
  co_return flushed;
}

}  // namespace baton::guard
