// What HTTP messages look like to the rest of Baton. No Asio type leaves net/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::net {

// Views into a connection's buffer; see the owner for how long they live.
struct HeaderView {
  std::string_view name, value;
};
using HeaderViews = std::vector<HeaderView>;

// First value of `name` (ASCII case-insensitive), or empty.
std::string_view FindHeader(const HeaderViews& headers, std::string_view name);

// Headers to send. Values with CR, LF or NUL are refused by the sender (the header is dropped and counted).
using HeaderList = std::vector<std::pair<std::string, std::string>>;

// Bodies keep this many bytes of slack after their end so that simdjson can read them in place.
inline constexpr std::size_t kBodyPadding = 64;

}  // namespace baton::net
