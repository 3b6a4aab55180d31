// Writes the head of a message. What would break the framing, or let text from outside forge a header, is
// left out and counted. Internal to net/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http.h"

namespace baton::net {

// "OK" for 200; "Unknown" for codes without a registered phrase.
std::string_view StatusPhrase(int status);

// "HTTP/1.1 200 OK\r\n"
void AppendStatusLine(std::string& to, int status);

// False (and nothing appended) when `value` holds CR, LF or NUL, or `name` is not a token.
bool AppendHeader(std::string& to, std::string_view name, std::string_view value);
void AppendNumberHeader(std::string& to, std::string_view name, std::uint64_t value);

// Appends all but those that the sender sets itself (Content-Length, Transfer-Encoding, Connection, Date, and
// Host). Gives the number refused.
int AppendHeaders(std::string& to, const HeaderList& headers);

// The Date header's value, made anew once per second.
class DateText {
 public:
  explicit DateText(const Clock& clock) : clock_(clock) {}
  std::string_view Now();

 private:
  const Clock& clock_;
  std::int64_t second_ = -1;
  std::string text_;
};

}  // namespace baton::net
