// What people and the server itself did to the server, as opposed to what it did for clients.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace baton::audit {

// An action worth an auditor's time: a reload, a key made or revoked, a case answered, content erased. Names
// only; never a secret, never what a client or a person wrote.
struct Event {
  std::int64_t at_unix_ns = 0;  // 0: when it is appended
  std::string actor;            // who: "ann", "key bt_1234", "signal", "server"
  std::string action;           // what: "reload", "case_answer", "key_revoke"; snake_case, at most 64 bytes
  std::string target;           // to which thing: a case, a key's prefix, a tenant
  std::string detail;           // JSON object or a few words
  bool operator==(const Event&) const = default;
};

inline constexpr std::size_t kMaxActor = 128, kMaxAction = 64, kMaxTarget = 256, kMaxDetail = 2048;

// Longer texts are cut.
std::string Encode(const Event& event);
Result<Event> DecodeEvent(std::string_view bytes);

// Where events go. Never blocks, never fails the action it tells of; false: the log is full, which it counts.
// Thread safe.
class EventLog {
 public:
  virtual ~EventLog() = default;
  virtual bool Append(Event event) = 0;
};
using Log = EventLog;

}  // namespace baton::audit
