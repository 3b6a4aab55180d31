// A case: one piece of a client's work that waits for a person, with all that the person needs to decide.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace baton::human {

// waiting -> claimed -> answered | rejected; waiting and claimed may also end as expired or cancelled, and a
// claim may be given back. What has ended stays so.
enum class State { kWaiting = 0, kClaimed = 1, kAnswered = 2, kRejected = 3, kExpired = 4, kCancelled = 5 };

// "waiting", "claimed", ...: the words of the API and of metrics.
std::string_view StateName(State state);
std::optional<State> ParseState(std::string_view name);
// Nobody can change it any more.
constexpr bool Ended(State state) {
  return state != State::kWaiting && state != State::kClaimed;
}

struct Case {
  // The desk's own: given by Ask(), whatever the caller wrote there.
  std::int64_t seq = 0;  // in order of arrival; for paging
  std::string id;  // "case_" and 128 random bits in URL-safe base 64: knowing it is the right to read it
  State state = State::kWaiting;
  std::int64_t created_unix_ns = 0;
  std::int64_t resolved_unix_ns = 0;  // 0: not ended
  std::string claimed_by, resolved_by;
  std::string resolution;        // the answer's text, or why it was rejected
  bool content_deleted = false;  // retention took transcript, draft and resolution

  // The caller's.
  ExchangeId exchange = 0;
  std::string tenant, model;          // who asked, and for which model
  std::string reason;                 // why a person is needed, one sentence
  std::string route, workflow, step;  // where it came from; may be empty
  std::vector<std::string> data_classes;
  std::string transcript;            // JSON: the messages, see transcript.h
  std::string draft;                 // what a worker would have answered; may be empty
  std::int64_t expires_unix_ns = 0;  // 0: by the desk's own rule
};

// How a wait at the desk ended.
struct Resolution {
  enum class Kind {
    kAnswered,  // `text` is the answer
    kRejected,  // `text` says why
    kExpired,   // nobody came in time; the case is closed
    kPending,   // the wait is over, the case lives on: `case_id` is the client's link
  };
  Kind kind = Kind::kPending;
  std::string case_id;
  std::string text;
  std::string by;  // who answered or rejected
};

}  // namespace baton::human
