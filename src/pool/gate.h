// Gate: what stands between one try and the client's sink.
//
// Two things must hold: at most one try ever writes into the sink, and a try that fails before it said
// anything of substance leaves no trace there, so that a fallback can still answer. So the gate keeps back
// what a stream begins with before its answer (the opening event, keep-alives), and lets all through with the
// first event of substance. Providers do fail right after the opening event (an overload reported in-band),
// which is why it matters. What is kept back is small and bounded; past the bound or after some seconds it
// goes out, so that a client behind a slow model still sees its keep-alives.
#pragma once

#include <functional>
#include <vector>

#include "base/loop.h"
#include "chat/sink.h"
#include "pool/backend.h"
#include "pool/pool.h"

namespace baton::pool {

// How a try ends that another one has beaten.
Error LostRace();

class Gate : public chat::Sink, public AttemptWatch {
 public:
  static constexpr std::size_t kMaxHeld = 32;
  static constexpr std::size_t kMaxHeldBytes = 64 * 1024;
  static constexpr Duration kMaxHeldFor = std::chrono::seconds(5);

  struct To {
    Loop* loop = nullptr;
    chat::Sink* sink = nullptr;  // null: a whole answer; nothing is ever put
    const Worker* worker = nullptr;
    CallObserver* observer = nullptr;  // may be null
    TimePoint started{};               // of the try: what passes from then on is the worker's time
    // Asked once, before the first event goes through. False: another try has the client. Empty: always true.
    std::function<bool()> claim;
    // Called when the provider begins to answer. May be empty.
    std::function<void()> on_first_byte;
  };
  explicit Gate(To to) : to_(std::move(to)) {}

  void Put(chat::Event event) override;
  Task<Status> Flush() override;
  void OnEncoded(const std::vector<provider::Loss>& losses, bool passthrough, bool injected_usage) override;
  void OnFirstByte() override;

  // The try ended well: what is still kept back goes through. False: another try has the client.
  bool Release();
  // The try is over; nothing goes through any more.
  void Shut() { state_ = State::kShut; }
  bool open() const { return state_ == State::kOpen; }
  // Something went through.
  bool delivered() const { return delivered_; }
  bool first_byte_seen() const { return first_byte_seen_; }

 private:
  enum class State { kHolding, kOpen, kShut };
  bool MustOpen(const chat::Event& event) const;

  To to_;
  State state_ = State::kHolding;
  bool delivered_ = false, first_byte_seen_ = false;
  std::vector<chat::Event> held_;
  std::size_t held_bytes_ = 0;
  TimePoint held_since_{};
  std::vector<provider::Loss> losses_;
  bool passthrough_ = false, injected_usage_ = false;
};

}  // namespace baton::pool
