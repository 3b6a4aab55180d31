// One text of a streamed answer, held back until it is judged. Internal to guard/.
//
// Problem: what a guard looks for may be cut by the stream anywhere, and what has gone out cannot be taken
// back; holding the whole answer would make a stream pointless. Choice: a bounded window. Text goes out when
// at least `window` bytes stand behind it, up to the beginning of a word, never inside something that was
// found; so whatever is recognisable within a window's length is recognised before its first byte leaves. A
// word longer than kLongest is let go of in pieces (a base64 picture), a finding that long is not: it is
// withheld (see Release).
//
// Events whose text nothing was found in leave as they came, the bytes behind them included: a pass-through
// stays byte-exact. Only those that a finding touches are made anew.
#pragma once

#include <string>
#include <vector>

#include "chat/types.h"
#include "guard/scan.h"

namespace baton::guard {

class HeldText {
 public:
  static constexpr std::size_t kLongest = 16 * 1024;  // bytes held at most, beside one event
  // `json`: the text is JSON, in which a mark outside of a string gets quotes.
  HeldText(const Rules& rules, bool json) : rules_(rules), json_(json) {}

  void Add(chat::Event event);
  struct Out {
    std::vector<chat::Event> events;  // judged, in order
    std::string text;                 // what they say
    const Rule* blocked = nullptr;    // nothing behind `events` may leave
    bool fault = false;
    bool altered = false;  // some of them were made anew
  };
  // What may leave now; everything when the text has ended. What guards saw is counted, and noted once.
  Out Release(bool ended, std::vector<std::pair<const Rule*, std::string>>* seen);
  bool empty() const { return events_.empty(); }

 private:
  static constexpr std::size_t kContext = 128;  // bytes in front of a finding that can prove it
  struct Piece {
    chat::Event event;
    std::size_t begin, end;  // in `text_`
  };
  std::size_t Boundary(const Judged& judged, bool ended) const;
  void Leave(const Judged& judged, std::size_t to, Out* out);
  void Forget();
  std::string Altered(std::size_t begin, std::size_t end, const std::vector<Cut>& cuts) const;

  const Rules& rules_;
  const bool json_;
  std::string text_;        // context that has left, then what is held
  std::size_t left_ = 0;    // what of it has left
  std::size_t judged_ = 0;  // length at the last look
  bool in_string_ = false;  // JSON: at the beginning of `text_`
  std::vector<Piece> events_;
};

}  // namespace baton::guard
