// Stands between a worker's stream and whoever reads it, and lets through what the guards have judged.
// Internal to guard/.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "chat/assemble.h"
#include "chat/sink.h"
#include "guard/held_text.h"

namespace baton::guard {

// Lays text before the ask guards; the first rule that withholds it, and whether because of a fault.
struct Word {
  const Rule* blocked = nullptr;
  bool fault = false;
};
using AskAll = std::function<Task<Word>(std::string text)>;

class GuardSink : public chat::Sink {
 public:
  // `ask` may be empty. `open` is called before the first event goes through.
  GuardSink(const Rules& rules, chat::Sink& to, AskAll ask, std::function<void()> open)
      : rules_(rules), to_(to), ask_(std::move(ask)), open_(std::move(open)) {}

  void Put(chat::Event event) override;
  // An error once a guard has withheld something: nobody wants the rest.
  Task<Status> Flush() override;
  // The stream has ended well: judges and lets through what is still held back.
  Task<Status> End();

  const Rule* blocked() const { return word_.blocked; }
  bool fault() const { return word_.fault; }
  bool delivered() const { return delivered_; }
  bool altered() const { return altered_; }
  // The answer as far as it went through. Leaves the sink without it.
  chat::Response Passed() { return passed_.Take(); }
  const std::vector<std::pair<const Rule*, std::string>>& seen() const { return seen_; }

 private:
  // A run of events of one text, or one event of another kind.
  struct Slot {
    std::optional<HeldText> text;  // unset: `event` alone
    chat::Event event;
    bool closed = false;              // no more is added to it
    std::vector<chat::Event> judged;  // by the find guards; wait for the ask guards
    std::string said;                 // their text
  };
  bool IsText(const chat::Event& event) const;
  Task<void> Advance(bool ended);
  Task<bool> AdvanceSlot(Slot& slot, bool ended);
  // Nothing is held back.
  bool Idle() const;
  void Let(chat::Event event);

  const Rules& rules_;
  chat::Sink& to_;
  AskAll ask_;
  std::function<void()> open_;
  std::map<std::int64_t, std::deque<Slot>> choices_;
  std::vector<chat::Event> first_;  // the opening, until something follows it
  std::vector<chat::Event> last_;   // usage, terminator: behind everything
  std::string told_;                // the end of what was let through, for the ask guards
  std::vector<std::pair<const Rule*, std::string>> seen_;
  Word word_;
  chat::Assembler passed_;
  bool delivered_ = false, altered_ = false;
};

}  // namespace baton::guard
