// What a tool server may do to us.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace baton::mcp {

struct Limits {
  std::size_t max_message = 8 << 20;               // bytes of one message; beyond, the server is dropped
  std::size_t max_tools = 256;                     // more are refused: use an allow-list
  std::size_t max_schema = 64 << 10;               // bytes of one tool's schema; such a tool is left out
  std::size_t max_description = 16 << 10;          // longer ones are cut
  int max_pages = 64;                              // of one tools/list
  int max_calls = 64;                              // waiting at the same time
  int max_noise = 200;                             // lines that are no message; beyond, the server is dropped
  Duration start = std::chrono::seconds(30);       // from starting a server to its readiness
  Duration call = std::chrono::seconds(60);        // one tool call, unless the caller has less time
  Duration tools_fresh = std::chrono::minutes(5);  // how long a list of tools is believed
  Duration first_backoff =
      std::chrono::milliseconds(100);  // after a server has died or could not start; doubles
  Duration max_backoff = std::chrono::seconds(30);
};

}  // namespace baton::mcp
